//! Client of the API `/_local` of local services in another process.

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use taskback::TaskToken;
use taskback_http::is_loopback;

/// The time for one response of the local services.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The maximum size of a response. The one to a new task has a few hundred bytes.
const MAX_BYTES: usize = 64 * 1024;

/// Parses an argument as the URL of local services. Only loopback is accepted: they use plain HTTP, and tokens must not
/// leave this machine.
pub(super) fn parse_loopback_url(text: &str) -> Result<String, String> {
    let invalid =
        || "expected http://HOST:PORT with a loopback host, such as http://127.0.0.1:9450".to_owned();
    let uri: Uri = text.parse().map_err(|_| invalid())?;
    let on_loopback = is_loopback(uri.host().unwrap_or_default());
    let plain = uri.scheme_str() == Some("http") && uri.path() == "/" && uri.query().is_none();
    match uri.authority() {
        Some(authority) if on_loopback && plain && !authority.as_str().contains('@') => {
            Ok(format!("http://{authority}"))
        }
        _ => Err(invalid()),
    }
}

/// Checks whether local services listen at the URL; another server there is an error.
pub(super) async fn is_listening(url: &str) -> Result<bool, String> {
    match send(Method::GET, url, "/_local/health", String::new()).await? {
        Some((StatusCode::OK, _)) => Ok(true),
        Some(_) => Err(format!("the server at {url} is not `taskback local`")),
        None => Ok(false),
    }
}

/// Opens the task of a token, again if it is closed. A task that is open does not change.
pub(super) async fn open(url: &str, token: &TaskToken) -> Result<(), String> {
    let request = json!({ "service": token.service().name(), "taskToken": token.expose(), "reopen": true });
    match send(Method::POST, url, "/_local/tasks", request.to_string()).await? {
        Some((StatusCode::CREATED | StatusCode::CONFLICT, _)) => Ok(()),
        Some((status, answer)) => {
            let reason = token.redact_line(answer["error"].as_str().unwrap_or("no reason given"), 300);
            Err(format!(
                "task {} could not be opened at {url}: {status}: {reason}",
                token.fingerprint().short()
            ))
        }
        None => Err(format!(
            "nothing listens at {url} anymore: start `taskback local` again, then repeat the command"
        )),
    }
}

/// Returns status and JSON of the response, or `None` if nothing listens. No error contains a part of the request.
async fn send(
    method: Method,
    url: &str,
    path: &str,
    body: String,
) -> Result<Option<(StatusCode, Value)>, String> {
    let unusable = || {
        format!(
            "the connection to {url} ended without a usable response: is `taskback local` still running there? Start it again, then repeat the command"
        )
    };
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = Request::builder().method(method).uri(format!("{url}{path}"));
    let request = request.header(CONTENT_TYPE, "application/json").body(Full::from(body));
    let exchange = async {
        let answer = match client.request(request.map_err(|_| unusable())?).await {
            Err(error) if error.is_connect() => return Ok(None),
            answer => answer.map_err(|_| unusable())?,
        };
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_BYTES).collect().await.map_err(|_| unusable())?;
        // Only the text of an error is read from it.
        Ok(Some((status, serde_json::from_slice(&body.to_bytes()).unwrap_or_default())))
    };
    tokio::time::timeout(TIMEOUT, exchange).await.unwrap_or_else(|_| Err(unusable()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_loopback_urls_are_accepted() {
        assert_eq!(parse_loopback_url("http://127.0.0.1:9450/").unwrap(), "http://127.0.0.1:9450");
        assert!(parse_loopback_url("http://localhost:1").is_ok());
        assert!(parse_loopback_url("http://[::1]:1").is_ok());
        let invalid =
            ["", "127.0.0.1:9450", "https://127.0.0.1:1", "http://192.0.2.1:1", "http://u:p@127.0.0.1:1"];
        for url in invalid.into_iter().chain([
            "http://127.0.0.1:1/path",
            "http://127.0.0.1:1/?q",
            "http://localhost.x:1",
        ]) {
            assert!(parse_loopback_url(url).is_err(), "{url}");
        }
    }

    #[tokio::test]
    async fn closed_port_is_not_listening() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        assert_eq!(is_listening(&format!("http://127.0.0.1:{port}")).await, Ok(false));
    }
}
