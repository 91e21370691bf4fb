//! The results of polls, one by one and counted.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::aws::AwsError;

/// The result of one poll.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PollResult {
    /// There was no task.
    Nothing,
    Queued,
    /// The task could not be queued and was failed at its service; `true` = because of the queue, not of the task.
    Failed(bool),
    /// No send was confirmed: the task ends by its message, or with its timeout.
    Unconfirmed,
    /// The task ends with its timeout.
    Lost,
}

/// The counts of a run of polls.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    queued: AtomicUsize,
    failed: AtomicUsize,
    unconfirmed: AtomicUsize,
    lost: AtomicUsize,
    /// Any poll was answered.
    pub(super) answered: AtomicBool,
}

/// The meaning of one poll for the poller's health.
pub(crate) enum Seen<'a> {
    /// The service answers; the queue was not called, or refused one message as invalid.
    Polled,
    /// The service answers, and the queue takes messages.
    Queued,
    /// A task may not be in the queue.
    NotQueued,
    NotPolled(&'a AwsError),
}

impl Tally {
    pub(crate) fn json(&self) -> Value {
        let [queued, failed, unconfirmed, lost] = self.counts();
        json!({"queued": queued, "failed": failed, "unconfirmed": unconfirmed, "lost": lost})
    }

    pub(crate) fn log(&self) {
        let [queued, failed, unconfirmed, lost] = self.counts();
        tracing::info!(event = "poller.ended", queued, failed, unconfirmed, lost, "poller ended");
    }

    fn counts(&self) -> [usize; 4] {
        [&self.queued, &self.failed, &self.unconfirmed, &self.lost]
            .map(|number| number.load(Ordering::Relaxed))
    }

    pub(super) fn count(&self, result: &PollResult) {
        let number = match result {
            PollResult::Nothing => return,
            PollResult::Queued => &self.queued,
            PollResult::Failed(_) => &self.failed,
            PollResult::Unconfirmed => &self.unconfirmed,
            PollResult::Lost => &self.lost,
        };
        number.fetch_add(1, Ordering::Relaxed);
    }
}
