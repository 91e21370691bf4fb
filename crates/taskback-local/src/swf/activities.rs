//! The operations of workers: polls, heartbeats and reports.

use serde_json::{Value, json};
use taskback_core::{Service, TaskToken};
use tokio::time::Instant;

use super::limits::{MAX_DATA, MAX_NAME, MAX_PROGRESS, MAX_REASON};
use super::refusal::{unknown, unknown_execution};
use crate::aws_json::members::Members;
use crate::aws_json::refusal::invalid;
use crate::context::CallContext;
use crate::effect::{Effect, OperationResult, Success};
use crate::response::Refusal;
use crate::state::LocalState;
use crate::task::{ReportedOutcome, TaskEnd, TaskState};

/// PollForActivityTask. `None` while the list is empty and the deadline has not passed; after it the
/// response has no token.
pub(super) fn poll(
    state: &mut LocalState,
    mut members: Members<'_>,
    context: CallContext,
) -> Option<OperationResult> {
    let domain = members.require("domain", MAX_NAME);
    let task_list = members.require("taskList.name", MAX_NAME);
    let identity = members.text("identity", MAX_NAME);
    if let Err(refusal) = members.check().and_then(|()| state.swf.check_domain(domain)) {
        return Some(Err(refusal));
    }
    let Some(fingerprint) = take_unpolled(state, domain, task_list) else {
        return context.deadline_passed.then(|| Ok(json!({ "startedEventId": 0 }).into()));
    };
    start(state, &fingerprint, identity, context.now).map(|response| Ok(response.into()))
}

/// RecordActivityTaskHeartbeat.
pub(super) fn heartbeat(state: &mut LocalState, mut members: Members<'_>, now: Instant) -> OperationResult {
    let token = members.require("taskToken", max_token());
    let details = members.text("details", MAX_PROGRESS);
    members.check()?;
    let fingerprint = find_open(state, token)?;
    let task = state.tasks.get_mut(&fingerprint).ok_or_else(invalid_token)?;
    task.timers.record_heartbeat(now);
    task.view.heartbeats += 1;
    if let Some(details) = details {
        task.view.progress = Some(details.to_owned());
    }
    Ok(json!({ "cancelRequested": task.view.cancel_requested }).into())
}

/// RespondActivityTaskCompleted.
pub(super) fn complete(state: &LocalState, mut members: Members<'_>) -> OperationResult {
    let token = members.require("taskToken", max_token());
    let output = members.text("result", MAX_DATA).map(str::to_owned);
    members.check()?;
    report(state, token, ReportedOutcome::Succeeded { output })
}

/// RespondActivityTaskFailed.
pub(super) fn fail(state: &LocalState, mut members: Members<'_>) -> OperationResult {
    let token = members.require("taskToken", max_token());
    let error = members.text("reason", MAX_REASON).map(str::to_owned);
    let cause = members.text("details", MAX_DATA).map(str::to_owned);
    members.check()?;
    report(state, token, ReportedOutcome::Failed { error, cause })
}

/// RespondActivityTaskCanceled; accepted even if no cancellation was requested.
pub(super) fn cancel(state: &LocalState, mut members: Members<'_>) -> OperationResult {
    let token = members.require("taskToken", max_token());
    let details = members.text("details", MAX_DATA).map(str::to_owned);
    members.check()?;
    report(state, token, ReportedOutcome::Canceled { details })
}

fn report(state: &LocalState, token: &str, outcome: ReportedOutcome) -> OperationResult {
    let fingerprint = find_open(state, token)?;
    let end = TaskEnd::Reported(outcome);
    Ok(Success::new(Value::Null, vec![Effect::Close { fingerprint, end }]))
}

/// Takes the first open task of the list that was not polled yet.
fn take_unpolled(state: &mut LocalState, domain: &str, task_list: &str) -> Option<String> {
    let (tasks, unpolled) = (&state.tasks, &mut state.swf.unpolled);
    unpolled.retain(|fingerprint| tasks.state(fingerprint) == Some(TaskState::Open));
    let matches = |fingerprint: &String| {
        let activity = tasks.get(fingerprint).and_then(|task| task.view.activity.as_ref());
        activity.is_some_and(|activity| activity.domain == domain && activity.task_list == task_list)
    };
    let index = unpolled.iter().position(matches)?;
    unpolled.remove(index)
}

/// Restarts the task's timers for its worker, and returns the response to the poll.
fn start(state: &mut LocalState, fingerprint: &str, identity: Option<&str>, now: Instant) -> Option<Value> {
    let task = state.tasks.get_mut(fingerprint)?;
    task.timers.restart(now);
    let activity = task.view.activity.as_ref()?;
    if let Some(execution) = state.swf.execution(&activity.run_id) {
        execution.record_poll(activity, identity, state.clock.epoch_seconds(now));
    }
    let mut response = activity.as_polled();
    response["taskToken"] = task.token.expose().into();
    response["input"] = task.input.as_str().into();
    Some(response)
}

/// Returns the fingerprint of an open task. As in the service, the refusals of a closed and of an
/// unknown task differ.
fn find_open(state: &LocalState, token: &str) -> Result<String, Refusal> {
    let token = TaskToken::new(Service::Swf, token).map_err(|_| invalid_token())?;
    let fingerprint = token.fingerprint().hex();
    let task = state.tasks.get(&fingerprint).ok_or_else(invalid_token)?;
    let activity = task.view.activity.as_ref().ok_or_else(invalid_token)?;
    match task.view.state {
        TaskState::Open => Ok(fingerprint),
        _ if !state.swf.is_open(activity) => Err(unknown_execution(&activity.workflow_id, &activity.run_id)),
        _ => Err(unknown(format!("Unknown activity, scheduledEventId = {}", activity.scheduled_event_id))),
    }
}

fn max_token() -> usize {
    Service::Swf.spec().max_token_chars
}

fn invalid_token() -> Refusal {
    invalid("Invalid token")
}
