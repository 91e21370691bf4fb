//! `/_local` of local services in another process.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use taskback::core::TaskToken;

/// How long the local services may take for one answer.
const LONGEST: Duration = Duration::from_secs(5);
/// The most bytes of an answer; opening a task is answered with a few hundred.
const MOST_BYTES: usize = 64 * 1024;

/// A URL of local services as an argument. They are plain HTTP, so that tokens go nowhere but to this machine.
pub(super) fn loopback(text: &str) -> Result<String, String> {
    let wrong =
        || "must be http://HOST:PORT with a host on loopback, such as http://127.0.0.1:9450".to_owned();
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let bare = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let on_loopback = bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let plain = uri.scheme_str() == Some("http") && uri.path() == "/" && uri.query().is_none();
    match uri.authority() {
        Some(authority) if on_loopback && plain && !authority.as_str().contains('@') => {
            Ok(format!("http://{authority}"))
        }
        _ => Err(wrong()),
    }
}

/// Whether local services are there; an error where something else is.
pub(super) async fn listens(url: &str) -> Result<bool, String> {
    match send(Method::GET, url, "/_local/health", String::new()).await? {
        Some((StatusCode::OK, _)) => Ok(true),
        Some(_) => Err(format!("what listens at {url} is not `taskback local`")),
        None => Ok(false),
    }
}

/// Opens the token's task, also where it is closed; one that is open stays as it is.
pub(super) async fn open(url: &str, token: &TaskToken) -> Result<(), String> {
    let order = json!({ "service": token.service().name(), "taskToken": token.expose(), "reopen": true });
    match send(Method::POST, url, "/_local/tasks", order.to_string()).await? {
        Some((StatusCode::CREATED | StatusCode::CONFLICT, _)) => Ok(()),
        Some((status, answer)) => {
            let why = token.scrub(answer["error"].as_str().unwrap_or("without a reason"));
            Err(format!("task {} could not be opened at {url}: {status}: {why}", token.fingerprint()))
        }
        None => Err(format!("nothing listens at {url} any more")),
    }
}

/// Status and JSON of the answer; none where nothing listens. No error holds any of the request.
async fn send(
    method: Method,
    url: &str,
    path: &str,
    body: String,
) -> Result<Option<(StatusCode, Value)>, String> {
    let broken = || format!("no usable answer from {url}");
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = Request::builder().method(method).uri(format!("{url}{path}")).body(Full::from(body));
    let exchange = async {
        let answer = match client.request(request.map_err(|_| broken())?).await {
            Err(error) if error.is_connect() => return Ok(None),
            answer => answer.map_err(|_| broken())?,
        };
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MOST_BYTES).collect().await.map_err(|_| broken())?;
        // Only an error's text is ever read.
        Ok(Some((status, serde_json::from_slice(&body.to_bytes()).unwrap_or_default())))
    };
    tokio::time::timeout(LONGEST, exchange).await.unwrap_or_else(|_| Err(broken()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_urls_on_loopback_are_taken() {
        assert_eq!(loopback("http://127.0.0.1:9450/").unwrap(), "http://127.0.0.1:9450");
        assert!(loopback("http://localhost:1").is_ok());
        assert!(loopback("http://[::1]:1").is_ok());
        let wrong =
            ["", "127.0.0.1:9450", "https://127.0.0.1:1", "http://192.0.2.1:1", "http://u:p@127.0.0.1:1"];
        for url in wrong.into_iter().chain([
            "http://127.0.0.1:1/path",
            "http://127.0.0.1:1/?q",
            "http://localhost.x:1",
        ]) {
            assert!(loopback(url).is_err(), "{url}");
        }
    }

    #[tokio::test]
    async fn where_nothing_listens_there_are_no_local_services() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        assert_eq!(listens(&format!("http://127.0.0.1:{port}")).await, Ok(false));
    }
}
