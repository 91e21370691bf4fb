//! The operations of workflows and domains.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::execution::WorkflowExecution;
use super::limits::{MAX_DATA, MAX_NAME, MAX_REASON, MAX_RUN_ID};
use super::refusal::{unknown, unknown_execution};
use crate::aws_json::members::Members;
use crate::aws_json::refusal::invalid;
use crate::effect::{Effect, OperationResult, Success};
use crate::response::Refusal;
use crate::state::LocalState;
use crate::task::{TaskEnd, TaskState, TaskView};

/// GetWorkflowExecutionHistory, always as one page.
pub(super) fn get_history(state: &mut LocalState, mut members: Members<'_>) -> OperationResult {
    let domain = members.require("domain", MAX_NAME);
    let workflow_id = members.require("execution.workflowId", MAX_NAME);
    let run_id = members.require("execution.runId", MAX_RUN_ID);
    let page = members.text("nextPageToken", 2048);
    let newest_first = members.flag("reverseOrder");
    members.check()?;
    state.swf.check_domain(domain)?;
    let execution = state.swf.execution(run_id);
    let execution =
        execution.filter(|execution| execution.domain == domain && execution.workflow_id == workflow_id);
    let execution = execution.ok_or_else(|| unknown_execution(workflow_id, run_id))?;
    if page.is_some() {
        return Err(invalid("Invalid token"));
    }
    let mut events = execution.events.clone();
    if newest_first {
        events.reverse();
    }
    Ok(json!({ "events": events }).into())
}

/// TerminateWorkflowExecution: closes the execution and its open tasks.
pub(super) fn terminate(state: &mut LocalState, mut members: Members<'_>, now: Instant) -> OperationResult {
    let domain = members.require("domain", MAX_NAME);
    let workflow_id = members.require("workflowId", MAX_NAME);
    let run_id = members.text("runId", MAX_RUN_ID);
    let reason = members.text("reason", MAX_REASON);
    let details = members.text("details", MAX_DATA);
    members.check()?;
    state.swf.check_domain(domain)?;
    let matches = |execution: &&mut WorkflowExecution| {
        let is_workflow = execution.domain == domain && execution.workflow_id == workflow_id;
        execution.is_open && is_workflow && run_id.is_none_or(|run_id| execution.run_id == run_id)
    };
    let Some(execution) = state.swf.executions.iter_mut().find(matches) else {
        return Err(match run_id {
            Some(run_id) => unknown_execution(workflow_id, run_id),
            None => unknown(format!("Unknown execution, workflowId = {workflow_id}")),
        });
    };
    execution.is_open = false;
    execution.push(
        "WorkflowExecutionTerminated",
        state.clock.epoch_seconds(now),
        json!({ "childPolicy": "TERMINATE", "reason": reason, "details": details }),
    );
    let is_open_in_execution = |task: &&TaskView| {
        task.state == TaskState::Open
            && task.activity.as_ref().is_some_and(|activity| activity.run_id == execution.run_id)
    };
    let tasks = state.tasks.views().filter(is_open_in_execution);
    let close = |task: &TaskView| Effect::Close {
        fingerprint: task.fingerprint.clone(),
        end: TaskEnd::WorkflowEnded,
    };
    Ok(Success::new(Value::Null, tasks.map(close).collect()))
}

/// RegisterDomain. Types need no registration here: `/_local` opens tasks of any type.
pub(super) fn register_domain(state: &mut LocalState, mut members: Members<'_>) -> OperationResult {
    let name = members.require("name", MAX_NAME);
    members.require("workflowExecutionRetentionPeriodInDays", 8);
    members.check()?;
    if !state.swf.domains.insert(name.to_owned()) {
        return Err(Refusal::bad_request("DomainAlreadyExistsFault", name));
    }
    Ok(Value::Null.into())
}
