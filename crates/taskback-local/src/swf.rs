//! SWF's side: awsJson1.0, one group of operations a file.

mod activities;
mod executions;
mod fields;
mod history;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::StatusCode;
use serde_json::Value;
use taskback_core::{Service, TaskToken};

use self::executions::Execution;
use self::fields::Fields;

use crate::State;
use crate::answer::{Answer, Refusal, Reply, uuid};
use crate::books::Books;
use crate::call::{self, Call, Dialect, Done, Turn};
use crate::request::Request;

/// The operations that are spoken here.
pub(crate) const OPERATIONS: &[&str] = &[
    "PollForActivityTask",
    "RecordActivityTaskHeartbeat",
    "RespondActivityTaskCompleted",
    "RespondActivityTaskFailed",
    "RespondActivityTaskCanceled",
    "GetWorkflowExecutionHistory",
    "TerminateWorkflowExecution",
    "RegisterDomain",
];

/// What SWF remembers beside the tasks.
pub(crate) struct Desk {
    domains: BTreeSet<String>,
    executions: Vec<Execution>,
    /// Fingerprints of tasks that nobody has polled.
    unpolled: VecDeque<String>,
}

/// How long a poll of an empty list is held.
const LONG_POLL: Duration = Duration::from_secs(60);

pub(crate) async fn handle(state: &State, request: &Request) -> Reply {
    let (operation, body) = match admit(request) {
        Ok(admitted) => admitted,
        Err(refusal) => {
            tracing::debug!(
                status = refusal.status.as_u16(),
                code = refusal.code,
                "SWF call refused at the gate"
            );
            return Reply::Answer(AwsJson.refusal(refusal));
        }
    };
    let token = body.get("taskToken").and_then(Value::as_str);
    let token = token.and_then(|text| TaskToken::new(Service::Swf, text).ok());
    let call = Call {
        operation,
        fingerprint: token.map(|token| token.fingerprint().hex()),
        report: operation.starts_with("RespondActivityTask"),
        wait: if operation == "PollForActivityTask" { LONG_POLL } else { Duration::ZERO },
    };
    call::run(state, &AwsJson, call, |books, turn| operate(books, operation, &body, turn)).await
}

fn operate(books: &mut Books, operation: &str, body: &Value, turn: Turn) -> Option<Done> {
    let Turn { now, last, .. } = turn;
    let fields = Fields::new(body);
    Some(match operation {
        "PollForActivityTask" => return activities::poll(books, fields, now, last),
        "RecordActivityTaskHeartbeat" => activities::heartbeat(books, fields, now),
        "RespondActivityTaskCompleted" => activities::completed(books, fields, now),
        "RespondActivityTaskFailed" => activities::failed(books, fields, now),
        "RespondActivityTaskCanceled" => activities::canceled(books, fields, now),
        "GetWorkflowExecutionHistory" => history::get(books, fields),
        "TerminateWorkflowExecution" => history::terminate(books, fields, now),
        "RegisterDomain" => history::register_domain(books, fields),
        _ => Err(unknown_operation()),
    })
}

/// The operation and its input, if the request is of SWF's form and signed in some way. The
/// signature itself is not checked: it proves nothing on loopback.
fn admit(request: &Request) -> Result<(&'static str, Value), Refusal> {
    let target = request.header("x-amz-target").unwrap_or_default();
    let named = target.strip_prefix("SimpleWorkflowService.");
    let operation = named.and_then(|named| OPERATIONS.iter().find(|known| **known == named));
    let operation = operation.filter(|_| request.method == "POST").ok_or_else(unknown_operation)?;
    let Some(signed) = request.header("authorization") else {
        return Err(Refusal::bad_request(
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        ));
    };
    let parts = ["AWS4-HMAC-SHA256 ", "Credential=", "SignedHeaders=", "Signature="];
    if !signed.starts_with(parts[0]) || !parts.iter().all(|part| signed.contains(part)) {
        let message =
            "Authorization header requires Credential, SignedHeaders and Signature with AWS4-HMAC-SHA256.";
        return Err(Refusal::bad_request("IncompleteSignatureException", message));
    }
    let Some(body) = &request.body else {
        let message = "The request has more than 1048576 bytes.";
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException", message));
    };
    if request.media_type() != "application/x-amz-json-1.0" {
        return Err(Refusal::bad_request(
            "UnknownOperationException",
            "The content type must be application/x-amz-json-1.0.",
        ));
    }
    // An empty body is an object without fields to these services.
    let body = if body.is_empty() { b"{}" } else { body.as_ref() };
    match serde_json::from_slice(body) {
        Ok(body @ Value::Object(_)) => Ok((operation, body)),
        _ => Err(fields::not_serialized("The body is not a JSON object.")),
    }
}

fn unknown_operation() -> Refusal {
    Refusal::bad_request("UnknownOperationException", "This operation is not spoken here.")
}

fn unknown(message: String) -> Refusal {
    Refusal::bad_request("UnknownResourceFault", message)
}

fn unknown_execution(workflow_id: &str, run_id: &str) -> Refusal {
    unknown(format!("Unknown execution: WorkflowExecution=[workflowId={workflow_id}, runId={run_id}]"))
}

/// Long and Base64, as SWF's own.
pub(crate) fn new_token() -> String {
    let bytes: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(190).collect();
    BASE64_STANDARD.encode(bytes)
}

impl Default for Desk {
    fn default() -> Self {
        let domains = BTreeSet::from([executions::DEFAULT_NAME.to_owned()]);
        Self { domains, executions: Vec::new(), unpolled: VecDeque::new() }
    }
}

/// SWF's way to word an answer.
struct AwsJson;

const JSON: &str = "application/x-amz-json-1.0";
const REQUEST_ID: &str = "x-amzn-requestid";

impl Dialect for AwsJson {
    fn success(&self, body: Value) -> Answer {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        Answer::new(StatusCode::OK, JSON, text).with_request_id(REQUEST_ID, uuid())
    }

    fn refusal(&self, refusal: Refusal) -> Answer {
        let space = match refusal.code {
            "UnknownResourceFault" | "OperationNotPermittedFault" | "DomainAlreadyExistsFault" => {
                "com.amazonaws.swf.base.model"
            }
            "ValidationException" => "com.amazon.coral.validate",
            "ThrottlingException" => "com.amazon.coral.availability",
            _ => "com.amazon.coral.service",
        };
        let body =
            serde_json::json!({ "__type": format!("{space}#{}", refusal.code), "message": refusal.message });
        Answer::new(refusal.status, JSON, body.to_string()).with_request_id(REQUEST_ID, uuid())
    }

    fn throttled(&self) -> Refusal {
        Refusal::bad_request("ThrottlingException", "Rate exceeded")
    }

    fn broken(&self) -> Refusal {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", "An internal error has occurred.")
    }

    fn denied(&self) -> Refusal {
        Refusal::bad_request(
            "AccessDeniedException",
            "The caller is not authorized to perform this operation.",
        )
    }

    fn skewed(&self) -> Refusal {
        let message =
            "Signature expired: the request's date is more than 5 minutes from the service's clock.";
        Refusal::bad_request("InvalidSignatureException", message)
    }

    /// SWF has none, and no fault of this kind is taken for its operations.
    fn conflict(&self, _operation: &str) -> Refusal {
        self.broken()
    }
}
