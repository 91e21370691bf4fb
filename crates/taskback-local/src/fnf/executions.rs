//! StartExecution, StopExecution, DescribeExecution, ListExecutions.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use taskback_core::{Service, TaskToken};
use tokio::time::Instant;

use super::definition::ExecutionMode;
use super::execution::{ExecutionStatus, FailureReason, FlowExecution, WaitingFor};
use super::json::is_object;
use super::limits::{MAX_CAUSE, MAX_DATA, MAX_ERROR};
use super::params::Params;
use super::refusal::{concurrent_update, invalid, too_large};
use super::{engine, flows};
use crate::context::CallContext;
use crate::effect::{OperationResult, Success};
use crate::faults::FaultKind;
use crate::response::Refusal;
use crate::state::LocalState;
use crate::uuid::uuid;

/// StartExecution. The name of a running execution returns that execution, whatever the other
/// parameters are.
pub(super) fn start(state: &mut LocalState, params: &Params, now: Instant) -> OperationResult {
    let flow_name = params.require_name("FlowName")?;
    let name = params.name("ExecutionName")?;
    let input = params.get("Input").unwrap_or("{}");
    if input.len() > MAX_DATA {
        return Err(too_large(format!("Input has more than {MAX_DATA} bytes.")));
    }
    if !is_object(input) {
        return Err(invalid("Input must be a JSON object."));
    }
    let callback = params.get("CallbackFnFTaskToken").map(|token| TaskToken::new(Service::Fnf, token));
    let callback = callback
        .transpose()
        .map_err(|error| invalid(format!("CallbackFnFTaskToken is invalid: {error}.")))?;
    if params.get("Qualifier").is_some_and(|qualifier| qualifier != "LATEST") {
        return Err(invalid("Qualifier: no version or alias but LATEST is supported by taskback local."));
    }
    let flow = flows::find(state, flow_name)?;
    if flow.mode != ExecutionMode::Standard {
        return Err(invalid("The flow must be in Standard mode."));
    }
    if let Some(id) = name.and_then(|name| flow.executions.get(name)) {
        let execution = &state.fnf.executions[*id];
        return match execution.status {
            ExecutionStatus::Running => Ok(execution.view(&state.clock).into()),
            _ => Err(Refusal::bad_request(
                "ExecutionAlreadyExists",
                format!("Execution {} of flow {flow_name} already exists.", execution.name),
            )),
        };
    }
    let execution = FlowExecution {
        flow_name: flow_name.to_owned(),
        name: name.map_or_else(|| format!("execution-{}", uuid()), str::to_owned),
        definition: flow.definition.clone(),
        machine: flow.machine.clone(),
        role_arn: flow.role_arn.clone(),
        input: input.to_owned(),
        status: ExecutionStatus::Starting,
        output: String::new(),
        started: now,
        ended: None,
        callback: callback.map(|token| token.fingerprint().hex()),
        events: Vec::new(),
        state_index: flow.machine.start,
        state_input: String::new(),
        waiting_for: WaitingFor::Nothing,
        pending_stop: None,
    };
    // As in the service, the response does not wait for the first state.
    let view = execution.view(&state.clock);
    let effects = engine::start(&mut state.fnf, execution, now);
    Ok(Success::new(view, effects))
}

/// StopExecution. The fault `stopping` delays the stop.
pub(super) fn stop(state: &mut LocalState, params: &Params, context: CallContext) -> OperationResult {
    let id = find(state, params)?;
    let error = params.text("Error", MAX_ERROR)?.map(str::to_owned);
    let cause = params.text("Cause", MAX_CAUSE)?.map(str::to_owned);
    let reason = FailureReason { error, cause };
    let execution = &mut state.fnf.executions[id];
    if execution.status != ExecutionStatus::Running {
        let message = format!("Execution {} has already completed.", execution.name);
        return Err(Refusal::bad_request("ExecutionAlreadyCompleted", message));
    }
    if execution.pending_stop.is_some() {
        return Err(concurrent_update());
    }
    let mut effects = Vec::new();
    if let Some(FaultKind::Stopping(delay)) = context.fault {
        let at = context.now + delay;
        execution.pending_stop = Some((at, reason));
        state.fnf.timers.insert((at, id));
    } else {
        effects = engine::stop(&mut state.fnf, id, reason, context.now);
    }
    Ok(Success::new(state.fnf.executions[id].view(&state.clock), effects))
}

/// DescribeExecution. `None` while the execution runs and the deadline has not passed.
pub(super) fn describe(
    state: &LocalState,
    params: &Params,
    deadline_passed: bool,
) -> Option<OperationResult> {
    let id = match find(state, params).and_then(|id| params.number(WAIT, 0..=60).map(|_| id)) {
        Ok(id) => id,
        Err(refusal) => return Some(Err(refusal)),
    };
    let execution = &state.fnf.executions[id];
    let is_final = deadline_passed || execution.status != ExecutionStatus::Running;
    is_final.then(|| Ok(execution.view(&state.clock).into()))
}

/// The time that a call may wait for the end of an execution.
pub(super) fn wait(params: &Params) -> Duration {
    let seconds = params.number(WAIT, 0..=60).ok().flatten().unwrap_or_default();
    Duration::from_secs(seconds as u64)
}

/// ListExecutions, in the order of starting. A page's token is the id of its last execution.
pub(super) fn list(state: &LocalState, params: &Params) -> OperationResult {
    let flow = flows::find(state, params.require_name("FlowName")?)?;
    let limit = params.number("Limit", 1..=100)?.unwrap_or(60);
    let status = match params.get("Status") {
        None => None,
        Some(name) => {
            let status = ExecutionStatus::from_name(name);
            Some(status.ok_or_else(|| invalid("Status is not one of an execution."))?)
        }
    };
    let after = params.get("NextToken").map(str::parse::<usize>).transpose();
    let after = after.map_err(|_| invalid("NextToken is invalid."))?;
    let mut ids: Vec<_> = flow.executions.values().copied().collect();
    ids.sort_unstable();
    let matches = |id: &usize| {
        after.is_none_or(|after| *id > after)
            && status.is_none_or(|status| state.fnf.executions[*id].status == status)
    };
    let mut matching = ids.into_iter().filter(matches).peekable();
    let page: Vec<usize> = matching.by_ref().take(limit).collect();
    let has_more = matching.peek().is_some();
    let next = page.last().filter(|_| has_more).map(usize::to_string).unwrap_or_default();
    let views: Vec<Value> = page.iter().map(|id| state.fnf.executions[*id].view(&state.clock)).collect();
    Ok(json!({ "Executions": views, "NextToken": next }).into())
}

/// Returns the id of the execution in a request.
pub(super) fn find(state: &LocalState, params: &Params) -> Result<usize, Refusal> {
    let flow_name = params.require_name("FlowName")?;
    let name = params.require_name("ExecutionName")?;
    let found = flows::find(state, flow_name)?.executions.get(name).copied();
    found.ok_or_else(|| {
        let message = format!("Execution {name} of flow {flow_name} does not exist.");
        Refusal::new(StatusCode::NOT_FOUND, "ExecutionNotExists", message)
    })
}

const WAIT: &str = "WaitTimeSeconds";
