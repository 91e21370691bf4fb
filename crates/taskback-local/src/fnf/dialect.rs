use http::StatusCode;
use serde_json::{Value, json};

use super::{executions, gate, throttled};
use crate::answer::{Answer, Refusal, uuid};
use crate::call::Dialect;

/// FnF's way to word an answer.
pub(super) struct Rpc;

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

    fn conflict(&self, operation: &str) -> Refusal {
        match operation {
            "StopExecution" => executions::conflict(),
            _ => Refusal::new(
                StatusCode::CONFLICT,
                "TaskInvalidState",
                "The task is not in a state to be reported. Please retry.",
            ),
        }
    }
}
