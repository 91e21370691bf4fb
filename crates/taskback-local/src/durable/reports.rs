//! The operations, as soon as their request is decoded.

use serde_json::Value;
use taskback_core::TaskToken;
use tokio::time::Instant;

use super::limits::MAX_DATA;
use super::refusal::{closed, invalid_id, too_large, unreadable};
use crate::effect::{Effect, OperationResult, Success};
use crate::response::Refusal;
use crate::state::LocalState;
use crate::task::{ReportedOutcome, TaskEnd, TaskState};

/// The outcome of SendDurableExecutionCallbackSuccess, whose body is the result as it is; empty = none.
pub(super) fn succeeded(body: &[u8]) -> Result<ReportedOutcome, Refusal> {
    if body.len() > MAX_DATA {
        return Err(too_large("result"));
    }
    let output = (!body.is_empty()).then(|| String::from_utf8_lossy(body).into_owned());
    Ok(ReportedOutcome::Succeeded { output })
}

/// The outcome of SendDurableExecutionCallbackFailure, all of whose fields are optional.
pub(super) fn failed(body: &[u8]) -> Result<ReportedOutcome, Refusal> {
    if body.is_empty() {
        return Ok(ReportedOutcome::Failed { error: None, cause: None });
    }
    let Ok(body @ Value::Object(_)) = serde_json::from_slice(body) else {
        return Err(unreadable("expected an object"));
    };
    let text = |name: &str| match &body[name] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(unreadable(&format!("{name} is not a string"))),
    };
    let (error, cause, data) = (text("ErrorType")?, text("ErrorMessage")?, text("ErrorData")?);
    let stack = match &body["StackTrace"] {
        Value::Null => 0,
        Value::Array(lines) if lines.iter().all(Value::is_string) => {
            lines.iter().filter_map(Value::as_str).map(str::len).sum()
        }
        _ => return Err(unreadable("StackTrace is not a list of strings")),
    };
    let size: usize = [&error, &cause, &data].into_iter().flatten().map(String::len).sum();
    if size + stack > MAX_DATA {
        return Err(too_large("error"));
    }
    Ok(ReportedOutcome::Failed { error, cause })
}

/// Closes the callback's task.
pub(super) fn report(
    state: &LocalState,
    id: Option<&TaskToken>,
    outcome: ReportedOutcome,
) -> OperationResult {
    let fingerprint = find_open(state, id)?;
    let end = TaskEnd::Reported(outcome);
    Ok(Success::new(Value::Null, vec![Effect::Close { fingerprint, end }]))
}

/// SendDurableExecutionCallbackHeartbeat, which is accepted without a heartbeat timeout too.
pub(super) fn heartbeat(state: &mut LocalState, id: Option<&TaskToken>, now: Instant) -> OperationResult {
    let fingerprint = find_open(state, id)?;
    let task = state.tasks.get_mut(&fingerprint).ok_or_else(invalid_id)?;
    task.timers.record_heartbeat(now);
    task.view.heartbeats += 1;
    Ok(Value::Null.into())
}

fn find_open(state: &LocalState, id: Option<&TaskToken>) -> Result<String, Refusal> {
    let fingerprint = id.ok_or_else(invalid_id)?.fingerprint().hex();
    match state.tasks.state(&fingerprint) {
        Some(TaskState::Open) => Ok(fingerprint),
        Some(_) => Err(closed()),
        None => Err(invalid_id()),
    }
}
