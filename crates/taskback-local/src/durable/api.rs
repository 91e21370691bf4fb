use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use taskback_core::{Service, TaskToken, durable};

use super::history::{self, HistoryQuery};
use super::operation::DurableOperation;
use super::refusal::{request_too_large, unknown_operation, unsupported_media_type};
use super::reports;
use crate::call::{Api, Call};
use crate::context::CallContext;
use crate::effect::OperationResult;
use crate::faults::FaultKind;
use crate::operation::Operation;
use crate::request::Request;
use crate::response::{HttpResponse, Refusal};
use crate::sigv4::Scheme;
use crate::state::LocalState;
use crate::task::ReportedOutcome;
use crate::uuid::uuid;

/// Lambda's REST protocol with JSON: the call is in the path, its code in a header.
pub(crate) struct DurableApi;

const CALLBACKS: &str = "/2025-12-01/durable-execution-callbacks/";
const EXECUTIONS: &str = "/2025-12-01/durable-executions/";
const JSON: &str = "application/json";
const REQUEST_ID: &str = "x-amzn-requestid";
const SIGNATURE: Scheme = Scheme { signing_name: "lambda", status: StatusCode::FORBIDDEN };

/// A decoded request.
enum Input {
    Report(ReportedOutcome),
    Heartbeat,
    History(HistoryQuery),
}

impl Api for DurableApi {
    fn accepts(&self, request: &Request) -> bool {
        request.path.starts_with(CALLBACKS) || request.path.starts_with(EXECUTIONS)
    }

    fn admit(&self, state: &mut LocalState, request: Request) -> Result<Call, Refusal> {
        let (operation, segment) = operation(&request).ok_or_else(unknown_operation)?;
        let body = request.body.as_ref().ok_or_else(request_too_large)?;
        state.sigv4.verify(&request, body, SIGNATURE, Timestamp::now())?;
        let id = callback_id(segment);
        let input = match operation {
            DurableOperation::Succeed => Input::Report(reports::succeeded(body)?),
            DurableOperation::Fail if !body.is_empty() && request.media_type() != JSON => {
                return Err(unsupported_media_type());
            }
            DurableOperation::Fail => Input::Report(reports::failed(body)?),
            DurableOperation::Heartbeat => Input::Heartbeat,
            DurableOperation::History => Input::History(HistoryQuery::read(segment, &request.query)?),
        };
        Ok(Call {
            operation: operation.spec(),
            fingerprint: id.as_ref().map(|id| id.fingerprint().hex()),
            wait: Duration::ZERO,
            operate: Box::new(move |state, context| Some(operate(state, &input, id.as_ref(), context))),
        })
    }

    /// The answer to a callback has no body.
    fn success(&self, body: Value) -> HttpResponse {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        HttpResponse::new(StatusCode::OK, JSON, text).with_header(REQUEST_ID, uuid())
    }

    fn refusal(&self, refusal: Refusal) -> HttpResponse {
        let blamed = if refusal.status.is_server_error() { "Service" } else { "User" };
        let body = json!({ "Type": blamed, "Message": refusal.message }).to_string();
        let response = HttpResponse::new(refusal.status, JSON, body).with_header(REQUEST_ID, uuid());
        response.with_header("x-amzn-errortype", refusal.code.to_owned())
    }

    fn fault_refusal(&self, fault: FaultKind, _operation: &Operation) -> Option<Refusal> {
        Some(match fault {
            FaultKind::Throttle => {
                Refusal::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Rate Exceeded.")
            }
            FaultKind::Error500 => Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "ServiceException",
                "An internal error occurred.",
            ),
            FaultKind::Refuse => Refusal::forbidden(
                "AccessDeniedException",
                "The caller is not authorized to perform this operation.",
            ),
            FaultKind::Skewed => Refusal::forbidden(
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
    input: &Input,
    id: Option<&TaskToken>,
    context: CallContext,
) -> OperationResult {
    match input {
        Input::Report(outcome) => reports::report(state, id, outcome.clone()),
        Input::Heartbeat => reports::heartbeat(state, id, context.now),
        Input::History(query) => history::get(state, query),
    }
}

/// The operation of a request, and the segment of its path that names the callback or the execution.
fn operation(request: &Request) -> Option<(DurableOperation, &str)> {
    match &*request.method {
        "POST" => {
            let (id, call) = request.path.strip_prefix(CALLBACKS)?.rsplit_once('/')?;
            Some((DurableOperation::from_segment(call)?, id))
        }
        "GET" => {
            let arn = request.path.strip_prefix(EXECUTIONS)?.strip_suffix("/history")?;
            Some((DurableOperation::History, arn))
        }
        _ => None,
    }
}

/// The id in a segment of the path; `None` = it is malformed.
fn callback_id(segment: &str) -> Option<TaskToken> {
    let id = percent_decode_str(segment).decode_utf8().ok()?;
    durable::is_callback_id(&id).then(|| TaskToken::new(Service::Durable, id).ok()).flatten()
}
