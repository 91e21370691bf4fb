use http::StatusCode;
use serde_json::{Value, json};
use taskback_core::{Service, TaskToken};

use super::operation::FnfOperation;
use super::params::Params;
use super::{executions, flows, history, refusal, reports};
use crate::call::{Api, Call};
use crate::context::CallContext;
use crate::effect::OperationResult;
use crate::faults::FaultKind;
use crate::operation::Operation;
use crate::request::Request;
use crate::response::{HttpResponse, Refusal};
use crate::state::LocalState;
use crate::uuid::uuid;

/// FnF's RPC style: parameters in query and form, responses in JSON.
pub(crate) struct FnfApi;

const JSON: &str = "application/json;charset=utf-8";
const REQUEST_ID: &str = "x-acs-request-id";

impl Api for FnfApi {
    fn accepts(&self, request: &Request) -> bool {
        request.path == "/" && !request.headers.contains_key("x-amz-target")
    }

    fn admit(&self, state: &mut LocalState, request: Request) -> Result<Call, Refusal> {
        let params = Params::parse(&request)?;
        let now = jiff::Timestamp::now();
        let operation = state.fnf.authenticator.admit(&request.method, &params, now)?;
        let token = params.get("TaskToken").and_then(|text| TaskToken::new(Service::Fnf, text).ok());
        let wait = executions::wait(&params);
        // A call that waits is attempted several times, but counts as one call.
        let mut is_counted = false;
        let operate = Box::new(move |state: &mut LocalState, context: CallContext| {
            let passes = is_counted || state.fnf.limits.take(operation, context.now);
            is_counted = true;
            if passes { operate(state, operation, &params, context) } else { Some(Err(refusal::throttled())) }
        });
        let fingerprint = token.map(|token| token.fingerprint().hex());
        Ok(Call { operation: operation.spec(), fingerprint, wait, operate })
    }

    fn success(&self, mut body: Value) -> HttpResponse {
        let id = uuid().to_uppercase();
        body["RequestId"] = id.as_str().into();
        HttpResponse::new(StatusCode::OK, JSON, body.to_string()).with_header(REQUEST_ID, id)
    }

    fn refusal(&self, refusal: Refusal) -> HttpResponse {
        let id = uuid().to_uppercase();
        let body = json!({ "Code": refusal.code, "Message": refusal.message, "RequestId": id });
        HttpResponse::new(refusal.status, JSON, body.to_string()).with_header(REQUEST_ID, id)
    }

    fn fault_refusal(&self, fault: FaultKind, operation: &Operation) -> Option<Refusal> {
        Some(match fault {
            FaultKind::Throttle => refusal::throttled(),
            FaultKind::Error500 => Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServerError",
                "An internal error has occurred. Please retry.",
            ),
            FaultKind::Refuse => {
                Refusal::forbidden("AccessDenied", "The caller is not authorized to do this.")
            }
            FaultKind::Skewed => refusal::skewed(),
            FaultKind::Conflict if operation.is_report => refusal::task_invalid_state(),
            FaultKind::Conflict => refusal::concurrent_update(),
            FaultKind::Html502
            | FaultKind::LostAck
            | FaultKind::Cut
            | FaultKind::Delay(_)
            | FaultKind::Stopping(_) => return None,
        })
    }
}

fn operate(
    state: &mut LocalState,
    operation: FnfOperation,
    params: &Params,
    context: CallContext,
) -> Option<OperationResult> {
    let now = context.now;
    Some(match operation {
        FnfOperation::ReportTaskSucceeded | FnfOperation::ReportTaskFailed => {
            reports::report(state, operation, params)
        }
        FnfOperation::CreateFlow => flows::create(state, params, now),
        FnfOperation::DescribeFlow => flows::describe(state, params),
        FnfOperation::DeleteFlow => flows::delete(state, params, now),
        FnfOperation::StartExecution => executions::start(state, params, now),
        FnfOperation::StopExecution => executions::stop(state, params, context),
        FnfOperation::DescribeExecution => {
            return executions::describe(state, params, context.deadline_passed);
        }
        FnfOperation::GetExecutionHistory => history::get(state, params),
        FnfOperation::ListExecutions => executions::list(state, params),
    })
}
