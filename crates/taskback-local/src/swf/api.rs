use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use taskback_core::{Service, TaskToken};

use super::members::Members;
use super::operation::SwfOperation;
use super::refusal::{not_serialized, unknown_operation};
use super::{activities, workflows};
use crate::call::{Api, Call};
use crate::context::CallContext;
use crate::effect::OperationResult;
use crate::faults::FaultKind;
use crate::operation::Operation;
use crate::request::Request;
use crate::response::{HttpResponse, Refusal};
use crate::sigv4::{Scheme, SigV4};
use crate::state::LocalState;
use crate::uuid::uuid;

/// The protocol awsJson1.0.
pub(crate) struct SwfApi;

/// The time after which the poll of an empty list is answered.
const LONG_POLL: Duration = Duration::from_secs(60);
const JSON: &str = "application/x-amz-json-1.0";
const REQUEST_ID: &str = "x-amzn-requestid";
const SIGNATURE: Scheme = Scheme { signing_name: "swf", status: StatusCode::BAD_REQUEST };

impl Api for SwfApi {
    fn accepts(&self, request: &Request) -> bool {
        request.path == "/" && request.headers.contains_key("x-amz-target")
    }

    fn admit(&self, state: &mut LocalState, request: Request) -> Result<Call, Refusal> {
        let (operation, body) = decode(&request, &state.sigv4)?;
        let token = body.get("taskToken").and_then(Value::as_str);
        let token = token.and_then(|text| TaskToken::new(Service::Swf, text).ok());
        let is_poll = operation == SwfOperation::PollForActivityTask;
        Ok(Call {
            operation: operation.spec(),
            fingerprint: token.map(|token| token.fingerprint().hex()),
            wait: if is_poll { LONG_POLL } else { Duration::ZERO },
            operate: Box::new(move |state, context| operate(state, operation, &body, context)),
        })
    }

    fn success(&self, body: Value) -> HttpResponse {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        HttpResponse::new(StatusCode::OK, JSON, text).with_request_id(REQUEST_ID, uuid())
    }

    fn refusal(&self, refusal: Refusal) -> HttpResponse {
        let namespace = match refusal.code {
            "UnknownResourceFault" | "OperationNotPermittedFault" | "DomainAlreadyExistsFault" => {
                "com.amazonaws.swf.base.model"
            }
            "ValidationException" => "com.amazon.coral.validate",
            "ThrottlingException" => "com.amazon.coral.availability",
            _ => "com.amazon.coral.service",
        };
        let error_type = format!("{namespace}#{}", refusal.code);
        let body = json!({ "__type": error_type, "message": refusal.message });
        HttpResponse::new(refusal.status, JSON, body.to_string()).with_request_id(REQUEST_ID, uuid())
    }

    fn fault_refusal(&self, fault: FaultKind, _operation: &Operation) -> Option<Refusal> {
        Some(match fault {
            FaultKind::Throttle => Refusal::bad_request("ThrottlingException", "Rate exceeded"),
            FaultKind::Error500 => Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalFailure",
                "An internal error has occurred.",
            ),
            FaultKind::Refuse => Refusal::bad_request(
                "AccessDeniedException",
                "The caller is not authorized to perform this operation.",
            ),
            FaultKind::Skewed => Refusal::bad_request(
                "InvalidSignatureException",
                "Signature expired: the request's date is more than 5 minutes from the service's clock.",
            ),
            // No operation here allows the last two.
            FaultKind::Html502
            | FaultKind::LostAck
            | FaultKind::Cut
            | FaultKind::Delay(_)
            | FaultKind::Conflict
            | FaultKind::Stopping(_) => return None,
        })
    }
}

fn operate(
    state: &mut LocalState,
    operation: SwfOperation,
    body: &Value,
    context: CallContext,
) -> Option<OperationResult> {
    let members = Members::new(body);
    let now = context.now;
    Some(match operation {
        SwfOperation::PollForActivityTask => return activities::poll(state, members, context),
        SwfOperation::RecordActivityTaskHeartbeat => activities::heartbeat(state, members, now),
        SwfOperation::RespondActivityTaskCompleted => activities::complete(state, members),
        SwfOperation::RespondActivityTaskFailed => activities::fail(state, members),
        SwfOperation::RespondActivityTaskCanceled => activities::cancel(state, members),
        SwfOperation::GetWorkflowExecutionHistory => workflows::get_history(state, members),
        SwfOperation::TerminateWorkflowExecution => workflows::terminate(state, members, now),
        SwfOperation::RegisterDomain => workflows::register_domain(state, members),
    })
}

/// Decodes the operation and its input of a request whose signature is right.
fn decode(request: &Request, sigv4: &SigV4) -> Result<(SwfOperation, Value), Refusal> {
    let target = request.header("x-amz-target").unwrap_or_default();
    let operation = target.strip_prefix("SimpleWorkflowService.").and_then(SwfOperation::from_name);
    let operation = operation.filter(|_| request.method == "POST").ok_or_else(unknown_operation)?;
    let Some(body) = &request.body else {
        let message = "The request has more than 1048576 bytes.";
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException", message));
    };
    sigv4.verify(request, body, SIGNATURE, Timestamp::now())?;
    if request.media_type() != JSON {
        return Err(Refusal::bad_request(
            "UnknownOperationException",
            "The content type must be application/x-amz-json-1.0.",
        ));
    }
    // The service treats an empty body as an object without members.
    let body = if body.is_empty() { b"{}" } else { body.as_ref() };
    match serde_json::from_slice(body) {
        Ok(body @ Value::Object(_)) => Ok((operation, body)),
        _ => Err(not_serialized("The body is not a JSON object.")),
    }
}
