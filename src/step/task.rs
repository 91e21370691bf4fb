use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use taskback_core::{Execution, Fingerprint, Service, TaskToken};
use tokio::sync::watch;
use tokio::time::Instant;

/// What a step gets: its input, and what else is known of the unit of work.
pub struct Task<T> {
    /// The input, of the type that the step takes.
    pub input: T,
    known: Arc<Known>,
}

/// Why a step should stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancellation {
    /// The workflow asked for it: clean up, then return, with
    /// [`StepEnd::Canceled`](crate::StepEnd::Canceled) or with what was done all the same.
    Requested,
    /// The task is closed: nobody waits for the outcome any more.
    Closed,
    /// Somebody else took the task over.
    LeaseLost,
    /// The time for steps is over; the message comes back.
    Deadline,
    /// The process ends; the message comes back.
    Shutdown,
}

impl<T> Task<T> {
    /// The service that waits.
    pub fn service(&self) -> Service {
        self.known.token.service()
    }

    /// The task's public name, safe to log and to use as a key. A step that its workflow retries
    /// gets a new one: see [`business_key`](Self::business_key).
    pub fn fingerprint(&self) -> Fingerprint {
        self.known.token.fingerprint()
    }

    /// The secret itself, for a step that hands it on.
    pub fn token(&self) -> &TaskToken {
        &self.known.token
    }

    /// The ids of the workflow that waits, as far as the message says them.
    pub fn execution(&self) -> &Execution {
        &self.known.execution
    }

    /// A key that outlives a retry by the workflow, for the step's own idempotency: workflow and
    /// activity, or flow and execution. `None` where the message does not name them.
    pub fn business_key(&self) -> Option<String> {
        self.known.execution.business_key(self.service())
    }

    /// Which delivery of the message this is, from 1; `None` where the trigger does not count.
    pub fn attempt(&self) -> Option<u32> {
        self.known.attempt
    }

    /// Which claim of the task this is, from 1, as the ledger counts them: above 1 the step was
    /// begun before. `None` where the ledger is down and the step runs without it.
    pub fn claim(&self) -> Option<u64> {
        self.known.claim
    }

    /// The time left for the step, before the part that is kept for its report.
    pub fn remaining(&self) -> Duration {
        self.known.limit.saturating_duration_since(Instant::now())
    }

    /// Waits until the step should stop, and says why.
    pub async fn cancelled(&self) -> Cancellation {
        let mut seen = self.known.cancellation.clone();
        match seen.wait_for(Option::is_some).await.map(|reason| *reason) {
            Ok(Some(reason)) => reason,
            // Whoever could cancel is gone, and with it whoever waits for the end.
            Ok(None) | Err(_) => Cancellation::Shutdown,
        }
    }

    /// Whether the step should stop, for code that cannot wait.
    pub fn is_cancelled(&self) -> bool {
        self.known.cancellation.borrow().is_some()
    }

    /// Says how far the step is: SWF shows the latest text (at most 2048 characters) with the next
    /// heartbeat; FnF has no heartbeat.
    pub fn progress(&self, text: impl Into<String>) {
        self.known.progress.send_replace(text.into());
    }

    pub(crate) fn with_input<U>(&self, input: U) -> Task<U> {
        Task { input, known: Arc::clone(&self.known) }
    }
}

impl Task<Box<RawValue>> {
    pub(crate) fn new(input: Box<RawValue>, known: Known) -> Self {
        Self { input, known: Arc::new(known) }
    }
}

/// Never shows the input, which is the user's, nor the token.
impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("token", &self.known.token).finish_non_exhaustive()
    }
}

pub(crate) struct Known {
    pub(crate) token: TaskToken,
    pub(crate) execution: Execution,
    pub(crate) attempt: Option<u32>,
    pub(crate) claim: Option<u64>,
    pub(crate) limit: Instant,
    pub(crate) cancellation: watch::Receiver<Option<Cancellation>>,
    pub(crate) progress: watch::Sender<String>,
}
