//! Poll after poll, several at once, until there is no time for another.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use taskback_core::RetryPolicy;
use tokio::time::{Instant, sleep};

use super::{HAND_OVER, POLL, SwfPoller, Turn};
use crate::Shutdown;
use crate::aws::Refusal;

/// The least time for one more poll and for what it brings: 90 s.
pub(crate) const ROOM: Duration = POLL.saturating_add(HAND_OVER.saturating_mul(2));

/// After a failure, so that a queue or a policy that is broken does not fail a whole list of tasks.
const PAUSE: RetryPolicy = RetryPolicy {
    base: Duration::from_secs(2),
    cap: Duration::from_secs(5 * 60),
    attempts: u32::MAX,
    room: Duration::ZERO,
};

/// What a run of polls came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    queued: AtomicUsize,
    failed: AtomicUsize,
    lost: AtomicUsize,
    /// Whether any poll was ever answered.
    answered: AtomicBool,
}

impl Tally {
    pub(crate) fn json(&self) -> Value {
        let [queued, failed, lost] = self.counts();
        json!({"queued": queued, "failed": failed, "lost": lost})
    }

    pub(crate) fn log(&self) {
        let [queued, failed, lost] = self.counts();
        tracing::info!(queued, failed, lost, "ended");
    }

    fn counts(&self) -> [usize; 3] {
        [&self.queued, &self.failed, &self.lost].map(|number| number.load(Ordering::Relaxed))
    }

    fn count(&self, turn: &Turn) {
        let number = match turn {
            Turn::Nothing => return,
            Turn::Queued => &self.queued,
            Turn::Failed(_) => &self.failed,
            Turn::Lost => &self.lost,
        };
        number.fetch_add(1, Ordering::Relaxed);
    }
}

impl SwfPoller {
    /// Polls until `shutdown` or until no room is left before `end`. An error where the very first polls
    /// are refused for what somebody has to mend.
    pub(crate) async fn polls(
        &self,
        tally: &Tally,
        shutdown: &Shutdown,
        end: Option<Instant>,
        seen: impl Fn(Result<(), &Refusal>),
    ) -> Result<(), Refusal> {
        let pollers = (0..self.pollers).map(|_| self.poll_on(tally, shutdown, end, &seen));
        join_all(pollers).await.into_iter().collect()
    }

    async fn poll_on(
        &self,
        tally: &Tally,
        shutdown: &Shutdown,
        end: Option<Instant>,
        seen: &impl Fn(Result<(), &Refusal>),
    ) -> Result<(), Refusal> {
        let mut failures = 0;
        while !shutdown.is_ending() && end.is_none_or(|end| Instant::now() + ROOM <= end) {
            let began = Instant::now();
            let turn = self.turn().await;
            seen(turn.as_ref().map(drop));
            let at_fault = match &turn {
                Ok(turn) => {
                    tally.answered.store(true, Ordering::Relaxed);
                    tally.count(turn);
                    matches!(turn, Turn::Failed(true) | Turn::Lost)
                }
                Err(refusal) => {
                    tracing::warn!(%refusal, "not polled");
                    true
                }
            };
            if let Err(refusal) = turn.as_ref()
                && refusal.is_of_the_settings()
                && !tally.answered.load(Ordering::Relaxed)
            {
                // The others' polls end well, and no new one is begun.
                shutdown.end();
                return Err(refusal.clone());
            }
            failures = if at_fault { failures + 1 } else { 0 };
            let pause = match turn {
                _ if at_fault => PAUSE.jittered(failures, 0.5 + fastrand::f64() / 2.0),
                // No long poll: whoever answers at once would be asked for ever.
                Ok(Turn::Nothing) => Duration::from_secs(1).saturating_sub(began.elapsed()),
                _ => Duration::ZERO,
            };
            // No pause outlasts the invocation whose polls these are.
            if end.is_some_and(|end| Instant::now() + pause + ROOM > end) {
                break;
            }
            tokio::select! {
                () = sleep(pause) => {}
                () = shutdown.ending() => {}
            }
        }
        Ok(())
    }
}
