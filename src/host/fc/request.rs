use std::time::Duration;

use http_body_util::BodyExt;
use hyper::Method;
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use serde_json::value::{RawValue, to_raw_value};
use tokio::time::{Instant, timeout_at};

/// Function Compute's limit for an event, in bytes: 32 MiB.
pub(super) const MAX_EVENT: usize = 32 << 20;

/// Reading stops here if an event is too large. It goes on to here, for a host that still writes would not see the answer.
const MAX_READ: usize = 2 * MAX_EVENT;

/// The time for an event to arrive, from a host on the same machine.
const ARRIVAL: Duration = Duration::from_secs(60);

/// A request of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Invoke,
    Initialize,
    PreStop,
}

impl Call {
    /// The call of a request of the host itself: its path, and the control path that the host adds, if any, are the same
    /// one of three. `None` for any other, which may come from an HTTP trigger, whose sender chooses path, headers and body.
    pub(super) fn from_head(head: &Parts) -> Option<Self> {
        let path = head.uri.path();
        let mut added = head.headers.get_all(CONTROL_PATH).iter();
        if !added.all(|value| value.as_bytes() == path.as_bytes()) || hides_control_path(&head.headers) {
            return None;
        }
        match (&head.method, path) {
            (&Method::POST, "/invoke") => Some(Self::Invoke),
            (&Method::POST, "/initialize") => Some(Self::Initialize),
            (&Method::GET, "/pre-stop") => Some(Self::PreStop),
            _ => None,
        }
    }

    /// The name in the log.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Invoke => "Invoke",
            Self::Initialize => "Initialize",
            Self::PreStop => "PreStop",
        }
    }
}

/// The host's id of the call, as far as it may stand in a log.
pub(super) fn id(headers: &HeaderMap) -> String {
    let id = text(headers, "x-fc-request-id").unwrap_or_default();
    id.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(128).collect()
}

/// Access key, secret and security token of the function's role, where it has one. `None` if a header cannot carry them
/// on, if one is there twice, or if a temporary key has no token; the log names the header.
#[cfg(feature = "fnf")]
pub(super) fn credentials(headers: &HeaderMap) -> Option<(&str, &str, &str)> {
    const NAMES: [&str; 3] = ["x-fc-access-key-id", "x-fc-access-key-secret", "x-fc-security-token"];
    let reject = |header: &str, reason: &str| {
        tracing::error!(
            event = "credentials.invalid",
            header,
            "the host's credentials are not used: {reason}"
        );
        None
    };
    for name in NAMES {
        let mut values = headers.get_all(name).iter();
        let Some(value) = values.next() else { continue };
        if values.next().is_some() {
            return reject(name, "the header is there more than once");
        }
        if !value.as_bytes().iter().all(u8::is_ascii_graphic) {
            return reject(name, "they are not visible ASCII characters");
        }
    }
    let [id, secret, token] = NAMES.map(|name| text(headers, name).unwrap_or_default());
    if id.is_empty() || secret.is_empty() {
        return None;
    }
    let is_temporary = id.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("STS."));
    if is_temporary && token.is_empty() {
        return reject(NAMES[2], "a temporary key has no security token");
    }
    Some((id, secret, token))
}

/// The number of bytes of the event, where the request says it.
pub(super) fn announced(body: &Incoming) -> Option<usize> {
    usize::try_from(body.size_hint().exact()?).ok()
}

/// The event as it came. A text that is not JSON is the bare text of a message, and becomes a JSON string.
pub(super) async fn event(body: Incoming, deadline: Instant) -> Result<Box<RawValue>, &'static str> {
    let deadline = deadline.min(Instant::now() + ARRIVAL);
    let bytes = timeout_at(deadline, read(body)).await.unwrap_or(Err("the event did not arrive in time"))?;
    let text = String::from_utf8(bytes).map_err(|_| "the event is not text")?;
    // Checked first, since a text that is not JSON must not be lost. The text itself becomes the JSON, without a copy.
    match serde_json::from_str::<&RawValue>(&text) {
        Ok(_) => RawValue::from_string(text).map_err(|_| "the event is not JSON"),
        Err(_) => to_raw_value(&text).map_err(|_| "the event is not text"),
    }
}

async fn read(mut body: Incoming) -> Result<Vec<u8>, &'static str> {
    // As large as it will be, for a vector that grows takes up to three times as much.
    let mut bytes = Vec::with_capacity(announced(&body).unwrap_or_default().min(MAX_EVENT));
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| "the event was cut off")?;
        let Some(data) = frame.data_ref() else { continue };
        length += data.len();
        match length {
            ..=MAX_EVENT => bytes.extend_from_slice(data),
            MAX_READ.. => break,
            _ => bytes = Vec::new(),
        }
    }
    if length > MAX_EVENT { Err("the event has more than 32 MiB") } else { Ok(bytes) }
}

const CONTROL_PATH: &str = "x-fc-control-path";

/// Returns `true` if the request asks proxies to remove the host's header, as a sender might.
fn hides_control_path(headers: &HeaderMap) -> bool {
    let named = |value: &HeaderValue| {
        let value = value.as_bytes().to_ascii_lowercase();
        value.split(|byte| *byte == b',').any(|name| name.trim_ascii().starts_with(b"x-fc-"))
    };
    headers.get_all(CONNECTION).iter().any(named)
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: Method, path: &str, headers: &[(&str, &[u8])]) -> Option<Call> {
        let mut request = hyper::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, HeaderValue::from_bytes(value).unwrap());
        }
        Call::from_head(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn only_host_calls_are_served() {
        for added in [&[][..], &[(CONTROL_PATH, &b"/invoke"[..])], &[("connection", b"keep-alive")]] {
            assert_eq!(call(Method::POST, "/invoke", added), Some(Call::Invoke));
        }
        assert_eq!(call(Method::GET, "/pre-stop", &[(CONTROL_PATH, b"/pre-stop")]), Some(Call::PreStop));
        let control = |value| (CONTROL_PATH, value);
        for headers in [
            &[control(&b"/http-invoke"[..])][..],
            &[control(b"/invoke"), control(b"/http-invoke")],
            &[control(b"/http-invoke"), control(b"/invoke")],
            &[control(b"/invoke, /http-invoke")],
            &[control(b"/invoke\xff")],
            &[control(b"/INVOKE")],
            &[control(b"")],
            &[("connection", b"close, X-FC-Control-Path")],
            &[("connection", b"close"), ("connection", b"x-fc-access-key-id")],
        ] {
            assert_eq!(call(Method::POST, "/invoke", headers), None, "{headers:?}");
        }
        for path in ["/", "/any", "/invoke/", "/invoke/../invoke", "//invoke", "/initialize", "/%69nvoke"] {
            assert_eq!(call(Method::POST, path, &[(CONTROL_PATH, b"/invoke")]), None, "{path}");
        }
    }

    #[cfg(feature = "fnf")]
    #[test]
    fn only_complete_role_keys_are_used() {
        const ID: &str = "x-fc-access-key-id";
        const SECRET: &str = "x-fc-access-key-secret";
        const TOKEN: &str = "x-fc-security-token";
        let headers = |pairs: &[(&'static str, &'static str)]| -> HeaderMap {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(*name, HeaderValue::from_static(value));
            }
            headers
        };
        for (pairs, expected) in [
            (&[(ID, "STS.a"), (SECRET, "s"), (TOKEN, "t")][..], Some(("STS.a", "s", "t"))),
            (&[(ID, "LTAI"), (SECRET, "s")], Some(("LTAI", "s", ""))),
            (&[(ID, "STS.a"), (SECRET, "s")], None),
            (&[(ID, "STS.a"), (SECRET, "s"), (TOKEN, "")], None),
            (&[(ID, "sts.a"), (SECRET, "s")], None),
            (&[(ID, "LTAI"), (SECRET, "s"), (ID, "LTAI")], None),
            (&[(ID, "STS.a"), (SECRET, "s"), (TOKEN, "t"), (TOKEN, "u")], None),
            (&[(ID, "LTAI"), (SECRET, "")], None),
            (&[(SECRET, "s"), (TOKEN, "t")], None),
        ] {
            assert_eq!(credentials(&headers(pairs)), expected, "{pairs:?}");
        }
    }
}
