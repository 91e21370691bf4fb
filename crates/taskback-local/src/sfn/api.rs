use std::time::Duration;

use serde_json::Value;
use taskback_core::{Service, TaskToken};

use super::operation::SfnOperation;
use super::refusal::OWN_CODES;
use super::{activities, history, reports};
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
pub(crate) struct SfnApi;

/// The time after which the poll of an activity without a task is answered.
const LONG_POLL: Duration = Duration::from_secs(60);
/// The beginning of the targets of all operations.
const PREFIX: &str = "AWSStepFunctions.";

impl Api for SfnApi {
    fn accepts(&self, request: &Request) -> bool {
        request.path == "/" && request.header("x-amz-target").is_some_and(|target| target.starts_with(PREFIX))
    }

    fn admit(&self, state: &mut LocalState, request: Request) -> Result<Call, Refusal> {
        let operation = wire::target(&request, PREFIX).and_then(SfnOperation::from_name);
        let operation = operation.ok_or_else(unknown_operation)?;
        let body = wire::decode(&request, &state.sigv4, "states")?;
        let token = body.get("taskToken").and_then(Value::as_str);
        let token = token.and_then(|text| TaskToken::new(Service::Sfn, text).ok());
        let is_poll = operation == SfnOperation::GetActivityTask;
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
        let is_own = OWN_CODES.contains(&refusal.code);
        wire::refusal(refusal, "com.amazonaws.swf.service.v2.model", is_own)
    }

    fn fault_refusal(&self, fault: FaultKind, _operation: &Operation) -> Option<Refusal> {
        wire::fault_refusal(fault)
    }
}

fn operate(
    state: &mut LocalState,
    operation: SfnOperation,
    body: &Value,
    context: CallContext,
) -> Option<OperationResult> {
    let members = Members::without_echo(body);
    Some(match operation {
        SfnOperation::GetActivityTask => return activities::poll(state, members, context),
        SfnOperation::SendTaskHeartbeat => reports::heartbeat(state, members, context.now),
        SfnOperation::SendTaskSuccess => reports::succeed(state, members),
        SfnOperation::SendTaskFailure => reports::fail(state, members),
        SfnOperation::GetExecutionHistory => history::get(state, members),
    })
}
