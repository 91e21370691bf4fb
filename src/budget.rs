use std::time::Duration;

use tokio::time::Instant;

/// The time of one invocation: some for steps, the rest for the reports of their outcomes.
///
/// The reserve for reports is a fifth of what remains, from 0.4 s to 10 s, so that it fits a
/// function timeout of 3 s as well as one of 15 min.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    start: Instant,
    end: Instant,
    reserve: Duration,
}

impl Budget {
    /// The time of an invocation whose host gives no deadline: 3 s, the default timeout of a function.
    pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3);

    /// The budget of this time from now on; zero = the host gives no deadline.
    pub(crate) fn new(remaining: Duration) -> Self {
        let remaining = if remaining.is_zero() { Self::DEFAULT_TIMEOUT } else { remaining };
        // A century is as good as for ever, and an instant can hold it.
        let remaining = remaining.min(Duration::from_secs(100 * 365 * 24 * 3600));
        let reserve = (remaining / 5).clamp(Duration::from_millis(400), Duration::from_secs(10));
        let start = Instant::now();
        Self { start, end: start + remaining, reserve }
    }

    /// The end of the steps: none may start or go on.
    pub(crate) fn step_deadline(&self) -> Instant {
        self.before_end(self.reserve)
    }

    /// The end of the reports: the time after it belongs to the response.
    pub(crate) fn report_deadline(&self) -> Instant {
        self.before_end(self.reserve / 8)
    }

    /// The end of the invocation's work: the response must be on its way.
    #[cfg(feature = "sqs")]
    pub(crate) fn response_deadline(&self) -> Instant {
        self.before_end(self.reserve / 16)
    }

    /// The time since the invocation began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The same in milliseconds, for logs.
    pub(crate) fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn before_end(&self, margin: Duration) -> Instant {
        // Where the end is nearer than the margin the time is over already.
        self.end.checked_sub(margin).unwrap_or_else(Instant::now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn parts(remaining: Duration) -> (f64, f64) {
        let budget = Budget::new(remaining);
        let from_now = |at: Instant| at.saturating_duration_since(Instant::now()).as_secs_f64();
        (from_now(budget.step_deadline()), from_now(budget.report_deadline()))
    }

    #[tokio::test(start_paused = true)]
    async fn reserve_scales_with_the_time() {
        assert_eq!(parts(Duration::from_secs(3)).await, (2.4, 2.925));
        assert_eq!(parts(Duration::from_secs(1)).await, (0.6, 0.95));
        assert_eq!(parts(Duration::from_secs(900)).await, (890.0, 898.75));
    }

    #[tokio::test(start_paused = true)]
    async fn unknown_and_endless_deadlines_are_handled() {
        assert_eq!(parts(Duration::ZERO).await, parts(Duration::from_secs(3)).await);
        assert!(parts(Duration::MAX).await.0 > 1e9);
    }
}
