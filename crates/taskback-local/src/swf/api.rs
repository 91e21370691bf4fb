use std::time::Duration;

use serde_json::Value;
use taskback_core::{Service, TaskToken};

use super::operation::SwfOperation;
use super::{activities, workflows};
use crate::aws_json::members::Members;
use crate::aws_json::refusal::unknown_operation;
use crate::aws_json::wire;
use crate::call::{Api, Call};
use crate::context::CallContext;
use crate::effect::OperationResult;
use crate::faults::FaultKind;
use crate::operation::Operation;
use crate::request::Request;
use crate::response::{HttpResponse, Refusal};
use crate::state::LocalState;

/// The protocol awsJson1.0.
pub(crate) struct SwfApi;

/// The time after which the poll of an empty list is answered.
const LONG_POLL: Duration = Duration::from_secs(60);

impl Api for SwfApi {
    fn accepts(&self, request: &Request) -> bool {
        request.path == "/" && request.headers.contains_key("x-amz-target")
    }

    fn admit(&self, state: &mut LocalState, request: Request) -> Result<Call, Refusal> {
        let operation = wire::target(&request, "SimpleWorkflowService.");
        let operation = operation.and_then(SwfOperation::from_name).ok_or_else(unknown_operation)?;
        let body = wire::decode(&request, &state.sigv4, "swf")?;
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
        wire::success(body)
    }

    fn refusal(&self, refusal: Refusal) -> HttpResponse {
        let own = ["UnknownResourceFault", "OperationNotPermittedFault", "DomainAlreadyExistsFault"];
        let is_own = own.contains(&refusal.code);
        wire::refusal(refusal, "com.amazonaws.swf.base.model", is_own)
    }

    fn fault_refusal(&self, fault: FaultKind, _operation: &Operation) -> Option<Refusal> {
        wire::fault_refusal(fault)
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
