//! How executions end, and whom that tells.

use tokio::time::Instant;

use super::execution::{Execution, Reason, Status};
use crate::Outcome;
use crate::task::End;

/// The task that waits for an execution's end, by its fingerprint, and what it is told.
pub(super) type Callback = Option<(String, End)>;

/// How an execution ends otherwise than well: as failed or as timed out.
pub(super) struct Failure {
    pub(super) status: Status,
    pub(super) reason: Reason,
}

pub(super) fn succeed(run: &mut Execution, output: String, at: Instant) -> Callback {
    run.output = output;
    end(run, Status::Succeeded, Reason::default(), at)
}

pub(super) fn fail(run: &mut Execution, failure: Failure, at: Instant) -> Callback {
    let (error, cause) = failure.reason.as_json();
    run.push_step("StepFailed", 0, at, &[("error", &error), ("cause", &cause)]);
    end(run, failure.status, failure.reason, at)
}

pub(super) fn end(run: &mut Execution, status: Status, reason: Reason, at: Instant) -> Callback {
    run.status = status;
    run.ended = Some(at);
    run.stopping = None;
    let (error, cause) = reason.as_json();
    let output = run.output.clone();
    let told = match status {
        Status::Succeeded => {
            run.push("ExecutionSucceeded", at, &[("output", &output)]);
            Outcome::Succeeded { output: Some(output) }
        }
        Status::Starting | Status::Running | Status::Failed | Status::Stopped | Status::TimedOut => {
            let kind = match status {
                Status::Stopped => "ExecutionStopped",
                Status::TimedOut => "ExecutionTimedOut",
                _ => "ExecutionFailed",
            };
            run.push(kind, at, &[("error", &error), ("cause", &cause)]);
            let error = reason.error.unwrap_or_else(|| kind.to_owned());
            Outcome::Failed { error: Some(error), cause: reason.cause }
        }
    };
    run.callback.take().map(|fingerprint| (fingerprint, End::Told(told)))
}

impl Failure {
    pub(super) fn new(error: &str, cause: impl Into<String>) -> Self {
        Self { status: Status::Failed, reason: Reason::new(error, cause) }
    }

    pub(super) fn expression(cause: impl Into<String>) -> Self {
        Self::new("ExpressionFailed", cause)
    }
}
