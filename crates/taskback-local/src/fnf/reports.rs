use serde_json::json;
use taskback_core::{Service, TaskToken};
use tokio::time::Instant;

use super::params::{Params, too_large};
use super::{invalid, missing, throttled};
use crate::answer::Refusal;
use crate::books::Books;
use crate::call::Done;
use crate::{Outcome, TaskState};

pub(super) const SUCCEEDED: &str = "ReportTaskSucceeded";
pub(super) const FAILED: &str = "ReportTaskFailed";

/// The limit of event data, which an output is taken to be.
const MOST_OUTPUT: usize = 64 * 1024;

/// ReportTaskSucceeded or ReportTaskFailed.
pub(super) fn report(books: &mut Books, operation: &str, params: &Params, now: Instant) -> Done {
    if !books.fnf.reports.take(now) {
        return Err(throttled());
    }
    let token = params.get("TaskToken").ok_or_else(|| missing("TaskToken"))?;
    let outcome = if operation == SUCCEEDED { succeeded(params)? } else { failed(params)? };
    let fingerprint = TaskToken::new(Service::Fnf, token)
        .map_err(|error| invalid(format!("TaskToken is invalid: {error}.")))?
        .fingerprint()
        .hex();
    match books.task(&fingerprint).map(|task| task.view.state) {
        None => Err(invalid("TaskToken is invalid.")),
        Some(TaskState::Open) => {
            books.tell(&fingerprint, outcome, now);
            Ok(json!({ "EventId": books.fnf.next_event() }))
        }
        Some(_) => Err(Refusal::bad_request("TaskAlreadyCompleted", "The task has already completed.")),
    }
}

fn succeeded(params: &Params) -> Result<Outcome, Refusal> {
    let output = params.get("Output").ok_or_else(|| missing("Output"))?;
    if output.len() > MOST_OUTPUT {
        return Err(too_large(format!("Output has more than {MOST_OUTPUT} bytes.")));
    }
    Ok(Outcome::Succeeded { output: Some(output.to_owned()) })
}

fn failed(params: &Params) -> Result<Outcome, Refusal> {
    let error = params.get("Error").ok_or_else(|| missing("Error"))?;
    let cause = params.get("Cause");
    check_length("Error", error, 128)?;
    cause.map_or(Ok(()), |cause| check_length("Cause", cause, 4096))?;
    Ok(Outcome::Failed { error: Some(error.to_owned()), cause: cause.map(str::to_owned) })
}

fn check_length(name: &str, value: &str, most: usize) -> Result<(), Refusal> {
    match value.chars().count() {
        0 => Err(invalid(format!("{name} must not be empty."))),
        chars if chars > most => Err(invalid(format!("{name} has more than {most} characters."))),
        _ => Ok(()),
    }
}
