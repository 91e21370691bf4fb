//! The tasks of flows: the token goes out in a message, the report brings the execution on.

use std::time::Duration;

use serde::de::IgnoredAny;
use serde_json::Value;
use taskback_core::{Service, TaskToken};
use tokio::time::Instant;

use super::definition::{MOST_TIMEOUT, Task};
use super::end::{Callback, Failure};
use super::execution::{Execution, Reason, Status, Waits};
use super::expression::Scope;
use super::run::{self, Step};
use super::template::Template;
use super::token;
use crate::books::Books;
use crate::task::End;
use crate::{OpenTask, Outcome};

/// Opens the task and sends its message.
pub(super) fn submit(books: &mut Books, id: usize, task: &Task, at: Instant) -> Result<Step, Failure> {
    let run = &mut books.fnf.executions[id];
    let timeout = match &task.timeout {
        Some(timeout) => timeout.seconds(&run.scope(None, None), "Timeout", 0, MOST_TIMEOUT)?,
        None => Duration::ZERO,
    };
    let data = [
        ("action", Value::from(task.action.as_str()).to_string()),
        ("queue", Value::from(task.queue.as_str()).to_string()),
        ("timeout", timeout.as_secs().to_string()),
    ];
    let data = data.each_ref().map(|(name, json)| (*name, json.as_str()));
    let scheduled = run.push_step("TaskScheduled", 0, at, &data);
    run.push_step("TaskStarted", scheduled, at, &[]);
    let text = token::of_flow(&run.flow_name, &run.name, scheduled);
    let input = run.state_input.clone();
    let sent = message(run, task, &text).and_then(|message| {
        let mut open = OpenTask::new(Service::Fnf).input(input);
        open.timeout = Some(timeout).filter(|timeout| !timeout.is_zero());
        open.token = Some(TaskToken::new(Service::Fnf, text).map_err(|error| error.to_string())?);
        let opened = books.open(open, at).map_err(|error| error.to_string())?;
        Ok((opened.fingerprint, message))
    });
    let run = &mut books.fnf.executions[id];
    match sent {
        Ok((fingerprint, message)) => {
            run.push_step("TaskSubmitted", scheduled, at, &[]);
            run.waits = Waits::For(fingerprint.clone(), scheduled);
            books.fnf.tasks.insert(fingerprint, id);
            books.queues.send(&task.queue, message);
            Ok(Step::Waits)
        }
        Err(wrong) => {
            let failure = Failure::expression(wrong);
            push_failure(run, "TaskSubmitFailed", scheduled, &failure.reason, at);
            Err(failure)
        }
    }
}

/// The task was reported, or its time is over. Whom that tells of the end of an execution.
pub(super) fn ended(books: &mut Books, fingerprint: &str, end: End, at: Instant) -> Callback {
    let id = books.fnf.tasks.remove(fingerprint)?;
    let run = &mut books.fnf.executions[id];
    let Waits::For(_, scheduled) = run.waits else { return None };
    let came = match end {
        End::Told(Outcome::Succeeded { output }) => {
            let output = output.unwrap_or_default();
            run.push_step("TaskSucceeded", scheduled, at, &[("output", &as_json(&output))]);
            Ok(output)
        }
        End::Told(Outcome::Failed { error, cause }) => {
            let reason = Reason { error, cause };
            push_failure(run, "TaskFailed", scheduled, &reason, at);
            Err(Failure { status: Status::Failed, reason })
        }
        End::TimedOut(_) => {
            let reason = Reason::new("FnF.TaskTimeout", "The task was not reported in time.");
            push_failure(run, "TaskTimedOut", scheduled, &reason, at);
            Err(Failure { status: Status::TimedOut, reason })
        }
        // What `/_local` cancels is stopped, as by StopExecution.
        End::CanceledHere | End::WorkflowGone | End::Told(Outcome::Canceled { .. }) => {
            run.waits = Waits::Nothing;
            run::stop(books, id, Reason::default(), at);
            return None;
        }
    };
    run::resume(books, id, came, at)
}

fn message(run: &Execution, task: &Task, token: &str) -> Result<String, String> {
    let json = task.message.render(&run.scope(None, Some(token)))?;
    // A text is sent as it is, all else as JSON.
    Ok(serde_json::from_str::<String>(&json).unwrap_or(json))
}

fn push_failure(run: &mut Execution, kind: &'static str, scheduled: i64, reason: &Reason, at: Instant) {
    let (error, cause) = reason.as_json();
    run.push_step(kind, scheduled, at, &[("error", &error), ("cause", &cause)]);
}

/// An output as JSON: its own text, or, where it is no JSON, a JSON string.
fn as_json(output: &str) -> String {
    match serde_json::from_str::<IgnoredAny>(output) {
        Ok(_) => output.to_owned(),
        Err(_) => Value::from(output).to_string(),
    }
}

impl Template {
    /// A time in seconds that is within its limits.
    pub(super) fn seconds(
        &self,
        scope: &Scope<'_>,
        name: &str,
        least: u64,
        most: u64,
    ) -> Result<Duration, Failure> {
        match self.number(scope).map_err(Failure::expression)? {
            Some(seconds) if (least..=most).contains(&seconds) => Ok(Duration::from_secs(seconds)),
            _ => Err(Failure::expression(format!("{name} is not {least} to {most}"))),
        }
    }
}
