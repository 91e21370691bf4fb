//! The operations of workers that hold a token: reports and heartbeats.

use serde::de::IgnoredAny;
use serde_json::json;
use taskback_core::{Service, TaskToken};
use tokio::time::Instant;

use super::limits::{MAX_CAUSE, MAX_DATA, MAX_ERROR};
use super::refusal::{closed, invalid_output, invalid_token};
use crate::aws_json::members::Members;
use crate::effect::{Effect, OperationResult, Success};
use crate::response::Refusal;
use crate::state::LocalState;
use crate::task::{ReportedOutcome, TaskEnd, TaskState};

/// SendTaskHeartbeat. It restarts the heartbeat timeout, where the task has one, and nothing else.
pub(super) fn heartbeat(state: &mut LocalState, mut members: Members<'_>, now: Instant) -> OperationResult {
    let token = members.require("taskToken", max_token());
    members.check()?;
    let fingerprint = find_open(state, token)?;
    let task = state.tasks.get_mut(&fingerprint).ok_or_else(invalid_token)?;
    task.timers.record_heartbeat(now);
    task.view.heartbeats += 1;
    Ok(json!({}).into())
}

/// SendTaskSuccess.
pub(super) fn succeed(state: &LocalState, mut members: Members<'_>) -> OperationResult {
    let token = members.require("taskToken", max_token());
    let output = members.require_bytes("output", MAX_DATA);
    members.check()?;
    if serde_json::from_str::<IgnoredAny>(output).is_err() {
        return Err(invalid_output());
    }
    report(state, token, ReportedOutcome::Succeeded { output: Some(output.to_owned()) })
}

/// SendTaskFailure.
pub(super) fn fail(state: &LocalState, mut members: Members<'_>) -> OperationResult {
    let token = members.require("taskToken", max_token());
    let error = members.text("error", MAX_ERROR).map(str::to_owned);
    let cause = members.text("cause", MAX_CAUSE).map(str::to_owned);
    members.check()?;
    report(state, token, ReportedOutcome::Failed { error, cause })
}

fn report(state: &LocalState, token: &str, outcome: ReportedOutcome) -> OperationResult {
    let fingerprint = find_open(state, token)?;
    let end = TaskEnd::Reported(outcome);
    Ok(Success::new(json!({}), vec![Effect::Close { fingerprint, end }]))
}

/// Returns the fingerprint of an open task. As in the service, the refusals of a closed and of an unknown task differ.
fn find_open(state: &LocalState, token: &str) -> Result<String, Refusal> {
    let token = TaskToken::new(Service::Sfn, token).map_err(|_| invalid_token())?;
    let fingerprint = token.fingerprint().hex();
    match state.tasks.state(&fingerprint) {
        None => Err(invalid_token()),
        Some(TaskState::Open) => Ok(fingerprint),
        Some(_) => Err(closed()),
    }
}

fn max_token() -> usize {
    Service::Sfn.spec().max_token_chars
}
