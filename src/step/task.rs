use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use taskback_core::{Execution, Fingerprint, Service, TaskToken};
use tokio::sync::watch;
use tokio::time::Instant;

/// The task of a step: its input, and what else is known of the unit of work.
///
/// ```
/// use std::time::Duration;
///
/// use taskback::{StepError, Task};
///
/// async fn verify(task: Task<Vec<String>>) -> Result<usize, StepError> {
///     for (index, document) in task.input.iter().enumerate() {
///         if task.is_cancelled() || task.remaining() < Duration::from_secs(1) {
///             return Err(StepError::retryable("no time for another document"));
///         }
///         task.progress(format!("document {index}: {} characters", document.len()));
///     }
///     Ok(task.input.len())
/// }
/// ```
pub struct Task<T> {
    /// The input, of the type that the step takes.
    pub input: T,
    context: Arc<TaskContext>,
}

/// The reason to stop a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cancellation {
    /// The workflow asked for it: clean up, then return, with
    /// [`StepOutput::Canceled`](crate::StepOutput::Canceled) or with the output that there is.
    Requested,
    /// The task is closed: no workflow waits for the outcome.
    Closed,
    /// Another owner took the task over.
    LeaseLost,
    /// The time for steps is over; the message is redelivered.
    Deadline,
    /// The process ends; the message is redelivered.
    Shutdown,
}

impl<T> Task<T> {
    /// The service that waits.
    pub fn service(&self) -> Service {
        self.context.token.service()
    }

    /// The task's public name, safe to log and to use as a key. A step that its workflow retries
    /// gets a new one: see [`business_key`](Self::business_key).
    pub fn fingerprint(&self) -> Fingerprint {
        self.context.token.fingerprint()
    }

    /// The secret itself, for a step that hands it on.
    pub fn token(&self) -> &TaskToken {
        &self.context.token
    }

    /// The ids of the workflow that waits, as far as the message has them.
    pub fn execution(&self) -> &Execution {
        &self.context.execution
    }

    /// A key that outlives a retry by the workflow, for the step's own idempotency, made of the ids in the message's
    /// `execution`; `None` where one of them is absent.
    ///
    /// | service | the key | from |
    /// |---|---|---|
    /// | SWF | `workflow/activity` | `workflowId`, `activityId` |
    /// | FnF | `flow/execution/step`, or without a step `flow/execution` | `flowName`, `executionName`, `stepName` |
    ///
    /// The ids are joined as they are, also where one has a `/`. Their length is not limited here: SWF's have at most
    /// 256 characters, a run's 64, FnF's names at most 128. The message's sender writes them: a key is as true as the
    /// sender.
    ///
    /// A workflow id of SWF may be used again, by another run: see
    /// [`business_key_with_run`](Self::business_key_with_run).
    pub fn business_key(&self) -> Option<String> {
        (self.service().spec().business_key)(self.execution())
    }

    /// As [`business_key`](Self::business_key), for one run of the workflow: `workflow/run/activity` for SWF, with the
    /// message's `runId`. FnF names each execution once, so its key is the same.
    pub fn business_key_with_run(&self) -> Option<String> {
        (self.service().spec().business_key_with_run)(self.execution())
    }

    /// The number of this delivery of the message, from 1; `None` where the trigger does not count.
    pub fn attempt(&self) -> Option<u32> {
        self.context.attempt
    }

    /// The number of this claim of the task, from 1, as the ledger counts them: above 1 the step was
    /// begun before. `None` where the ledger is unavailable and the step runs without it.
    pub fn claim(&self) -> Option<u64> {
        self.context.claim
    }

    /// The time that remains for the step, before the part that is reserved for its report.
    pub fn remaining(&self) -> Duration {
        self.context.limit.saturating_duration_since(Instant::now())
    }

    /// Waits until the step should stop, and returns the reason.
    pub async fn cancelled(&self) -> Cancellation {
        let mut seen = self.context.cancellation.clone();
        match seen.wait_for(Option::is_some).await.map(|reason| *reason) {
            Ok(Some(reason)) => reason,
            // The supervisor is gone, and with it the receiver of the result.
            Ok(None) | Err(_) => Cancellation::Shutdown,
        }
    }

    /// Returns whether the step should stop, for code that cannot wait.
    pub fn is_cancelled(&self) -> bool {
        self.context.cancellation.borrow().is_some()
    }

    /// Says how far the step is: SWF shows the latest text (at most 2048 characters) with the next
    /// heartbeat; FnF has no heartbeat.
    pub fn progress(&self, text: impl Into<String>) {
        self.context.progress.send_replace(text.into());
    }

    /// Returns whether the queue will not deliver the message again, as far as `TASKBACK_MAX_RECEIVES` says.
    pub fn is_last_delivery(&self) -> bool {
        self.context.is_last
    }

    /// Says that another party may hold the token from now on, so that no failure is reported for the task.
    #[cfg(feature = "fnf")]
    pub(crate) fn begin_delegation(&self, to: String) {
        self.context.delegation.send_replace(Some(to));
    }

    /// Says that the party certainly does not hold it.
    #[cfg(feature = "fnf")]
    pub(crate) fn abort_delegation(&self) {
        self.context.delegation.send_replace(None);
    }

    pub(crate) fn with_input<U>(&self, input: U) -> Task<U> {
        Task { input, context: Arc::clone(&self.context) }
    }
}

impl Task<Box<RawValue>> {
    pub(crate) fn new(input: Box<RawValue>, context: TaskContext) -> Self {
        Self { input, context: Arc::new(context) }
    }
}

/// Never shows the input, which is the user's, nor the token.
impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("token", &self.context.token).finish_non_exhaustive()
    }
}

pub(crate) struct TaskContext {
    pub(crate) token: TaskToken,
    pub(crate) execution: Execution,
    pub(crate) attempt: Option<u32>,
    pub(crate) claim: Option<u64>,
    pub(crate) is_last: bool,
    pub(crate) limit: Instant,
    pub(crate) cancellation: watch::Receiver<Option<Cancellation>>,
    pub(crate) progress: watch::Sender<String>,
    #[cfg_attr(not(feature = "fnf"), expect(dead_code, reason = "only a step that starts flows delegates"))]
    pub(crate) delegation: watch::Sender<Option<String>>,
}
