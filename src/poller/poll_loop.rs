//! Poll after poll, several at once, until there is no time for another.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use taskback_core::RetryPolicy;
use tokio::time::{Instant, sleep};

use super::limits::MIN_TIME_FOR_POLL;
use super::poll_result::{PollResult, Seen, Tally};
use super::task_poller::Poller;
use crate::aws::AwsError;
use crate::error::{Error, ErrorKind};
use crate::shutdown::Shutdown;

/// The pause after a failure, so that a broken queue or policy does not fail a whole list of tasks.
const PAUSE: RetryPolicy = RetryPolicy {
    base: Duration::from_secs(2),
    cap: Duration::from_secs(5 * 60),
    attempts: u32::MAX,
    room: Duration::ZERO,
};

impl Poller {
    /// Polls until it is asked to end; then waits for the polls that the service holds, and queues their tasks. An error means
    /// that the first polls were refused and an operator has to fix something.
    pub async fn run(&self, shutdown: &Shutdown) -> Result<(), Error> {
        run(self, shutdown, |_| {}).await
    }
}

/// As [`Poller::run`], and shows each result.
pub(crate) async fn run(poller: &Poller, shutdown: &Shutdown, seen: impl Fn(Seen<'_>)) -> Result<(), Error> {
    let tally = Tally::default();
    let result = run_pollers(poller, &tally, shutdown, None, seen).await;
    tally.log();
    result.map_err(|refusal| Error::new(ErrorKind::Unusable, format!("cannot poll: {refusal}")))
}

/// Polls until `shutdown` or until no time for a poll is left before `end`. An error means that the first polls were
/// refused and an operator has to fix something.
pub(crate) async fn run_pollers(
    poller: &Poller,
    tally: &Tally,
    shutdown: &Shutdown,
    end: Option<Instant>,
    seen: impl Fn(Seen<'_>),
) -> Result<(), AwsError> {
    let polls = Polls { poller, tally, shutdown, end, seen: &seen };
    let pollers = (0..poller.pollers).map(|_| polls.run());
    join_all(pollers).await.into_iter().collect()
}

/// The context that polls share.
struct Polls<'a, F> {
    poller: &'a Poller,
    tally: &'a Tally,
    shutdown: &'a Shutdown,
    end: Option<Instant>,
    seen: &'a F,
}

impl<F: Fn(Seen<'_>)> Polls<'_, F> {
    async fn run(&self) -> Result<(), AwsError> {
        let mut failures = 0;
        while !self.shutdown.is_ending() && self.has_time_after(Duration::ZERO) {
            let began = Instant::now();
            let result = self.poller.poll_once().await;
            self.poller.count(&result);
            (self.seen)(match &result {
                Ok(PollResult::Nothing | PollResult::Failed(false)) => Seen::Polled,
                Ok(PollResult::Queued) => Seen::Queued,
                Ok(PollResult::Failed(true) | PollResult::Unconfirmed | PollResult::Lost) => Seen::NotQueued,
                Err(refusal) => Seen::NotPolled(refusal),
            });
            failures = if self.has_failed(&result)? { failures + 1 } else { 0 };
            let pause = match result {
                _ if failures > 0 => PAUSE.jittered(failures, 0.5 + fastrand::f64() / 2.0),
                // Without a long poll, an answer that comes at once would be asked for without end.
                Ok(PollResult::Nothing) => Duration::from_secs(1).saturating_sub(began.elapsed()),
                _ => Duration::ZERO,
            };
            // No pause outlasts the invocation of these polls.
            if !self.has_time_after(pause) {
                break;
            }
            tokio::select! {
                () = sleep(pause) => {}
                () = self.shutdown.ending() => {}
            }
        }
        Ok(())
    }

    /// Counts a result and returns whether a pause must follow it. An error ends all polls: the service never answered one, and
    /// an operator has to fix something.
    fn has_failed(&self, result: &Result<PollResult, AwsError>) -> Result<bool, AwsError> {
        match result {
            Ok(result) => {
                self.tally.answered.store(true, Ordering::Relaxed);
                self.tally.count(result);
                Ok(matches!(result, PollResult::Failed(true) | PollResult::Unconfirmed | PollResult::Lost))
            }
            Err(refusal) => {
                tracing::warn!(event = "poller.poll_failed", %refusal, "failed to poll");
                if refusal.is_configuration_error() && !self.tally.answered.load(Ordering::Relaxed) {
                    // The other polls end by themselves, and no new one begins.
                    self.shutdown.end();
                    return Err(refusal.clone());
                }
                Ok(true)
            }
        }
    }

    fn has_time_after(&self, pause: Duration) -> bool {
        self.end.is_none_or(|end| Instant::now() + pause + MIN_TIME_FOR_POLL <= end)
    }
}
