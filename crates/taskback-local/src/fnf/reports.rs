use serde_json::json;
use taskback_core::{Service, TaskToken};

use super::limits::{MAX_CAUSE, MAX_DATA, MAX_ERROR};
use super::operation::FnfOperation;
use super::params::Params;
use super::refusal::{invalid, too_large};
use crate::effect::{Effect, OperationResult, Success};
use crate::response::Refusal;
use crate::state::LocalState;
use crate::task::{ReportedOutcome, TaskEnd, TaskState};

/// ReportTaskSucceeded or ReportTaskFailed.
pub(super) fn report(state: &mut LocalState, operation: FnfOperation, params: &Params) -> OperationResult {
    let token = params.require("TaskToken")?;
    let is_success = operation == FnfOperation::ReportTaskSucceeded;
    let outcome = if is_success { succeeded(params)? } else { failed(params)? };
    let fingerprint = TaskToken::new(Service::Fnf, token)
        .map_err(|error| invalid(format!("TaskToken is invalid: {error}.")))?
        .fingerprint()
        .hex();
    match state.tasks.state(&fingerprint) {
        None => Err(invalid("TaskToken is invalid.")),
        Some(TaskState::Open) => {
            let body = json!({ "EventId": state.fnf.next_event(&fingerprint) });
            let end = TaskEnd::Reported(outcome);
            Ok(Success::new(body, vec![Effect::Close { fingerprint, end }]))
        }
        Some(_) => Err(Refusal::bad_request("TaskAlreadyCompleted", "The task has already completed.")),
    }
}

fn succeeded(params: &Params) -> Result<ReportedOutcome, Refusal> {
    let output = params.require("Output")?;
    if output.len() > MAX_DATA {
        return Err(too_large(format!("Output has more than {MAX_DATA} bytes.")));
    }
    Ok(ReportedOutcome::Succeeded { output: Some(output.to_owned()) })
}

fn failed(params: &Params) -> Result<ReportedOutcome, Refusal> {
    let error = params.require_text("Error", MAX_ERROR)?;
    let cause = params.text("Cause", MAX_CAUSE)?;
    Ok(ReportedOutcome::Failed { error: Some(error.to_owned()), cause: cause.map(str::to_owned) })
}
