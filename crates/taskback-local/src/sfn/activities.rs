//! GetActivityTask.

use serde_json::{Value, json};

use super::history;
use super::limits::{MAX_ARN, MAX_NAME};
use super::refusal::{invalid_arn, unknown_activity};
use crate::aws_json::members::Members;
use crate::context::CallContext;
use crate::effect::OperationResult;
use crate::state::LocalState;
use crate::task::TaskState;

/// GetActivityTask. `None` while there is no task and the deadline has not passed; after it the token is null.
pub(super) fn poll(
    state: &mut LocalState,
    mut members: Members<'_>,
    context: CallContext,
) -> Option<OperationResult> {
    let arn = members.require("activityArn", MAX_ARN);
    let worker = members.text("workerName", MAX_NAME);
    if let Err(refusal) = members.check() {
        return Some(Err(refusal));
    }
    if !arn.contains(":activity:") {
        return Some(Err(invalid_arn(arn)));
    }
    if !state.sfn.activities.contains(arn) {
        return Some(Err(unknown_activity(arn)));
    }
    let Some(fingerprint) = take_unpolled(state, arn) else {
        return context.deadline_passed.then(|| Ok(json!({ "taskToken": null }).into()));
    };
    start(state, &fingerprint, worker, context).map(|answer| Ok(answer.into()))
}

/// Takes the first open task of the activity that was not polled yet.
fn take_unpolled(state: &mut LocalState, arn: &str) -> Option<String> {
    let (tasks, unpolled) = (&state.tasks, &mut state.sfn.unpolled);
    unpolled.retain(|fingerprint| tasks.state(fingerprint) == Some(TaskState::Open));
    let matches = |fingerprint: &String| {
        let task = tasks.get(fingerprint).and_then(|task| task.view.waiting_state.as_ref());
        task.and_then(|task| task.activity_arn.as_deref()) == Some(arn)
    };
    let index = unpolled.iter().position(matches)?;
    unpolled.remove(index)
}

/// Restarts the task's timers for its worker, and returns the answer, which names no execution.
fn start(
    state: &mut LocalState,
    fingerprint: &str,
    worker: Option<&str>,
    context: CallContext,
) -> Option<Value> {
    let task = state.tasks.get_mut(fingerprint)?;
    task.timers.restart(context.now);
    let answer = json!({ "taskToken": task.token.expose(), "input": task.input });
    let waiting = task.view.waiting_state.as_ref()?;
    if let Some(execution) = state.sfn.execution(&waiting.execution_arn) {
        history::record_start(execution, waiting, worker, state.clock.epoch_seconds(context.now));
    }
    Some(answer)
}
