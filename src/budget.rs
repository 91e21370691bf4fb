use std::time::Duration;

use tokio::time::Instant;

/// The time of one invocation: some for steps, the rest for reporting what they decided.
///
/// The reserve for reports is a fifth of what remains, from 0.4 s to 10 s, so that it fits a
/// function timeout of 3 s as well as one of 15 min.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    start: Instant,
    end: Instant,
    reserve: Duration,
}

impl Budget {
    /// What a deadline means that the host did not tell: its functions have 3 s by default.
    pub const UNKNOWN: Duration = Duration::from_secs(3);

    /// From now on this long; nothing left means that the host did not tell.
    pub fn lasting(remaining: Duration) -> Self {
        let remaining = if remaining.is_zero() { Self::UNKNOWN } else { remaining };
        // A century is as good as for ever, and an instant can hold it.
        let remaining = remaining.min(Duration::from_secs(100 * 365 * 24 * 3600));
        let reserve = (remaining / 5).clamp(Duration::from_millis(400), Duration::from_secs(10));
        let start = Instant::now();
        Self { start, end: start + remaining, reserve }
    }

    /// When no step may start or go on.
    pub fn steps_until(&self) -> Instant {
        self.before_end(self.reserve)
    }

    /// When no report may start or go on: what is left then is for the answer.
    pub fn reports_until(&self) -> Instant {
        self.before_end(self.reserve / 8)
    }

    /// When the answer must be on its way.
    pub fn answer_until(&self) -> Instant {
        self.before_end(self.reserve / 16)
    }

    /// How long ago it began.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
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
        let budget = Budget::lasting(remaining);
        let from_now = |at: Instant| at.saturating_duration_since(Instant::now()).as_secs_f64();
        (from_now(budget.steps_until()), from_now(budget.reports_until()))
    }

    #[tokio::test(start_paused = true)]
    async fn the_reserve_scales_from_three_seconds_to_fifteen_minutes() {
        assert_eq!(parts(Duration::from_secs(3)).await, (2.4, 2.925));
        assert_eq!(parts(Duration::from_secs(1)).await, (0.6, 0.95));
        assert_eq!(parts(Duration::from_secs(900)).await, (890.0, 898.75));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_deadline_is_three_seconds_and_an_endless_one_is_no_panic() {
        assert_eq!(parts(Duration::ZERO).await, parts(Duration::from_secs(3)).await);
        assert!(parts(Duration::MAX).await.0 > 1e9);
    }
}
