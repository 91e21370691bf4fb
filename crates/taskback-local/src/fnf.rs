//! FnF's side: RPC style, one operation a file. Flows get a file of their own beside `reports`.

mod gate;
mod limiter;
mod params;
mod reports;
mod signature;

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::StatusCode;
use serde_json::{Value, json};
use taskback_core::{Service, TaskToken};

use self::gate::Gate;
use self::limiter::Limiter;
use self::params::Params;
use crate::answer::{Answer, Refusal, Reply, uuid};
use crate::call::{self, Call, Dialect};
use crate::request::Request;
use crate::{Config, State};

/// The operations that are spoken here.
pub(crate) const OPERATIONS: &[&str] = &[reports::SUCCEEDED, reports::FAILED];

/// The most bytes of a request's body, as FnF documents it.
pub(crate) const MOST_BODY: usize = 1024 * 1024;

/// What FnF remembers beside the tasks.
pub(crate) struct Desk {
    gate: Gate,
    reports: Limiter,
    last_event: i64,
}

impl Desk {
    pub(crate) fn new(config: &Config) -> Self {
        let reports = if config.fnf_limits { Limiter::new(10.0, 2.0) } else { Limiter::none() };
        Self { gate: Gate::new(config), reports, last_event: 0 }
    }

    fn next_event(&mut self) -> i64 {
        self.last_event += 1;
        self.last_event
    }
}

pub(crate) async fn handle(state: &State, request: &Request) -> Reply {
    let admitted = Params::read(request).and_then(|params| {
        let now = jiff::Timestamp::now();
        state.books().fnf.gate.admit(&request.method, &params, now).map(|operation| (operation, params))
    });
    let (operation, params) = match admitted {
        Ok(admitted) => admitted,
        Err(refusal) => {
            tracing::debug!(
                status = refusal.status.as_u16(),
                code = refusal.code,
                "FnF call refused at the gate"
            );
            return Reply::Answer(Rpc.refusal(refusal));
        }
    };
    let token = params.get("TaskToken").and_then(|text| TaskToken::new(Service::Fnf, text).ok());
    let call = Call {
        operation,
        fingerprint: token.map(|token| token.fingerprint().hex()),
        report: true,
        wait: Duration::ZERO,
    };
    call::run(state, &Rpc, call, |books, now, _| Some(reports::report(books, operation, &params, now))).await
}

/// Base64 of `v1#a#uuid#mac`, as FnF's own; the mac's bytes bring `+`, `/` and `=` into it.
pub(crate) fn new_token() -> String {
    let mut bytes = format!("v1#a#{}#", uuid()).into_bytes();
    bytes.extend([0xfb, 0xef, 0xbe, 0xff]);
    bytes.extend(std::iter::repeat_with(|| fastrand::u8(..)).take(32));
    // Two bytes short of a multiple of three make the padding that real tokens often have.
    while bytes.len() % 3 != 1 {
        bytes.push(fastrand::u8(..));
    }
    BASE64_STANDARD.encode(bytes)
}

/// FnF's way to word an answer.
struct Rpc;

const JSON: &str = "application/json;charset=utf-8";
const REQUEST_ID: &str = "x-acs-request-id";

impl Dialect for Rpc {
    fn success(&self, mut body: Value) -> Answer {
        let id = uuid().to_uppercase();
        body["RequestId"] = id.as_str().into();
        Answer::new(StatusCode::OK, JSON, body.to_string()).with_request_id(REQUEST_ID, id)
    }

    fn refusal(&self, refusal: Refusal) -> Answer {
        let id = uuid().to_uppercase();
        let body = json!({ "Code": refusal.code, "Message": refusal.message, "RequestId": id });
        Answer::new(refusal.status, JSON, body.to_string()).with_request_id(REQUEST_ID, id)
    }

    fn throttled(&self) -> Refusal {
        throttled()
    }

    fn broken(&self) -> Refusal {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Refusal::new(status, "InternalServerError", "An internal error has occurred. Please retry.")
    }

    fn denied(&self) -> Refusal {
        Refusal::forbidden("AccessDenied", "The caller is not authorized to do this.")
    }

    fn skewed(&self) -> Refusal {
        gate::skewed()
    }
}

fn throttled() -> Refusal {
    Refusal::new(
        StatusCode::TOO_MANY_REQUESTS,
        "ResourceThrottled",
        "The request is throttled. Please try again later.",
    )
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::bad_request("InvalidArgument", message)
}

fn missing(parameter: &str) -> Refusal {
    Refusal::bad_request("MissingRequiredParams", format!("{parameter} is required."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_token_needs_percent_encoding() {
        let token = new_token();
        assert!(token.starts_with("djEjYS"), "{token}");
        assert!(token.ends_with("=="), "{token}");
        assert!(token.contains('+') || token.contains('/'), "{token}");
        assert_ne!(token, new_token());
    }
}
