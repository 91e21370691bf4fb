//! The start of a task's execution.

use std::time::Duration;

use aliyun_fnf::{Client, Error, ErrorKind, StartExecution};
use serde_json::value::RawValue;
use taskback_core::{INVALID_INPUT, RetryPolicy};
use tokio::time::Instant;

use super::super::call::with_retry_observed;
use crate::step::{StepError, Task};

#[derive(Clone)]
pub(super) struct Inner {
    pub(super) client: Client,
    pub(super) flow: String,
    pub(super) prefix: String,
    pub(super) qualifier: Option<String>,
    pub(super) retry: RetryPolicy,
}

impl Inner {
    /// Starts the execution, unless it runs or has ended already: only this token makes its name.
    pub(super) async fn start(
        &self,
        task: &Task<Box<RawValue>>,
        start: StartExecution,
        may_have_started: &mut bool,
    ) -> Result<(), StepError> {
        let observe = |error: &Error| {
            *may_have_started |= matches!(error.kind(), ErrorKind::NoResponse | ErrorKind::Unavailable);
        };
        let call = || self.client.call(start.clone());
        match with_retry_observed(&self.retry, end(task), Duration::ZERO, call, observe).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    pub(super) fn start_of(&self, task: &Task<Box<RawValue>>, name: &str) -> StartExecution {
        let start = StartExecution::new(&self.flow).execution_name(name).input(task.input.get());
        match &self.qualifier {
            Some(qualifier) => start.qualifier(qualifier),
            None => start,
        }
    }
}

/// The deadline of the last call.
pub(super) fn end(task: &Task<Box<RawValue>>) -> Instant {
    Instant::now() + task.remaining()
}

/// The error of a start: an input that is too large fails the task; all else is retried, for neither a policy nor a
/// setting nor a missing flow is a failure of the task.
pub(super) fn failed(error: Error) -> StepError {
    match error.kind() {
        ErrorKind::TooLarge => StepError::terminal(INVALID_INPUT, error.to_string()),
        _ => StepError::retryable(error),
    }
}
