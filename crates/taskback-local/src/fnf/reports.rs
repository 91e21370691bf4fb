use serde_json::json;
use taskback_core::{Service, TaskToken};
use tokio::time::Instant;

use super::invalid;
use super::operation::Operation;
use super::params::{Params, too_large};
use crate::answer::Refusal;
use crate::books::Books;
use crate::call::Done;
use crate::{Outcome, TaskState};

/// The limit of event data, which an output is taken to be.
pub(super) const MOST_OUTPUT: usize = 64 * 1024;
/// The most characters of an error and of a cause, of tasks as of executions.
pub(super) const MOST_ERROR: usize = 128;
pub(super) const MOST_CAUSE: usize = 4096;

/// ReportTaskSucceeded or ReportTaskFailed.
pub(super) fn report(books: &mut Books, operation: Operation, params: &Params, now: Instant) -> Done {
    let token = params.need("TaskToken")?;
    let succeeds = operation == Operation::ReportTaskSucceeded;
    let outcome = if succeeds { succeeded(params)? } else { failed(params)? };
    let fingerprint = TaskToken::new(Service::Fnf, token)
        .map_err(|error| invalid(format!("TaskToken is invalid: {error}.")))?
        .fingerprint()
        .hex();
    match books.task(&fingerprint).map(|task| task.view.state) {
        None => Err(invalid("TaskToken is invalid.")),
        Some(TaskState::Open) => {
            let event = books.fnf.next_event(&fingerprint);
            books.tell(&fingerprint, outcome, now);
            Ok(json!({ "EventId": event }))
        }
        Some(_) => Err(Refusal::bad_request("TaskAlreadyCompleted", "The task has already completed.")),
    }
}

fn succeeded(params: &Params) -> Result<Outcome, Refusal> {
    let output = params.need("Output")?;
    if output.len() > MOST_OUTPUT {
        return Err(too_large(format!("Output has more than {MOST_OUTPUT} bytes.")));
    }
    Ok(Outcome::Succeeded { output: Some(output.to_owned()) })
}

fn failed(params: &Params) -> Result<Outcome, Refusal> {
    let error = params.need_text("Error", MOST_ERROR)?;
    let cause = params.text("Cause", MOST_CAUSE)?;
    Ok(Outcome::Failed { error: Some(error.to_owned()), cause: cause.map(str::to_owned) })
}
