use http_body_util::BodyExt;
use hyper::Method;
use hyper::body::Incoming;
use hyper::header::HeaderMap;
use hyper::http::request::Parts;
use serde_json::value::{RawValue, to_raw_value};

/// Function Compute's limit for an event, in bytes: 32 MiB.
const MOST_BYTES: usize = 32 << 20;

/// Where it is given up to read what is too large, for a host that still writes would not see the answer.
const MOST_READ: usize = 2 * MOST_BYTES;

/// What the host asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Invoke,
    Initialize,
    PreStop,
    Unknown,
}

impl Call {
    /// The header counts, where it is: a request to an HTTP trigger has a path of its sender's choice.
    pub(super) fn of(head: &Parts) -> Self {
        let path = text(&head.headers, "x-fc-control-path").unwrap_or(head.uri.path());
        match (&head.method, path) {
            (&Method::POST, "/invoke") => Self::Invoke,
            (&Method::POST, "/initialize") => Self::Initialize,
            (&Method::GET, "/pre-stop") => Self::PreStop,
            _ => Self::Unknown,
        }
    }

    /// Its name in the log.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Invoke => Some("Invoke"),
            Self::Initialize => Some("Initialize"),
            Self::PreStop => Some("PreStop"),
            Self::Unknown => None,
        }
    }
}

/// The host's id of the call, as far as it may stand in a log.
pub(super) fn id(headers: &HeaderMap) -> String {
    let id = text(headers, "x-fc-request-id").unwrap_or_default();
    id.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(128).collect()
}

/// Access key, secret and security token of the function's role, where it has one.
#[cfg(feature = "fnf")]
pub(super) fn credentials(headers: &HeaderMap) -> Option<(&str, &str, &str)> {
    let full = |name: &str| text(headers, name).filter(|value| !value.is_empty());
    let (id, secret) = (full("x-fc-access-key-id")?, full("x-fc-access-key-secret")?);
    Some((id, secret, full("x-fc-security-token").unwrap_or_default()))
}

/// The event as it came. What is no JSON is the bare text of a message, and travels as a JSON string.
pub(super) async fn event(mut body: Incoming) -> Result<Box<RawValue>, &'static str> {
    let (mut bytes, mut length) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| "the event was cut off")?;
        let Some(data) = frame.data_ref() else { continue };
        length += data.len();
        match length {
            ..=MOST_BYTES => bytes.extend_from_slice(data),
            MOST_READ.. => break,
            _ => {}
        }
    }
    if length > MOST_BYTES {
        return Err("the event has more than 32 MiB");
    }
    let text = String::from_utf8(bytes).map_err(|_| "the event is no text")?;
    match serde_json::from_str(&text) {
        Ok(json) => Ok(json),
        Err(_) => to_raw_value(&text).map_err(|_| "the event is no text"),
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
