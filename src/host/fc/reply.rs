use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::json;

pub(super) type Reply = Response<Full<Bytes>>;

pub(super) fn succeeded(json: String) -> Reply {
    json_of(StatusCode::OK, json)
}

pub(super) fn empty() -> Reply {
    Response::new(Full::default())
}

/// Without the header a failure counts as success, whatever its status.
pub(super) fn failed(name: &str, message: &str) -> Reply {
    let mut reply = json_of(StatusCode::NOT_FOUND, error(name, message));
    reply.headers_mut().insert("x-fc-status", HeaderValue::from_static("404"));
    reply
}

/// The JSON of an error.
pub(super) fn error(name: &str, message: &str) -> String {
    json!({ "errorMessage": message, "errorType": name, "stackTrace": [] }).to_string()
}

fn json_of(status: StatusCode, body: String) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(body)));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}
