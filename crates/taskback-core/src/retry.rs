use std::time::Duration;

use crate::report_error::ReportErrorKind;

/// The rule by which a report is retried: full jitter between attempts, bounded by their number and by the
/// remaining time.
///
/// ```
/// use std::time::Duration;
///
/// use taskback_core::{ReportErrorKind, RetryPolicy};
///
/// let (policy, remaining) = (RetryPolicy::default(), Duration::from_secs(5));
/// let wait = policy.wait(ReportErrorKind::Throttled, 1, remaining, 0.5);
/// assert_eq!(wait, Some(Duration::from_millis(50)));
/// assert_eq!(policy.wait(ReportErrorKind::Denied, 1, remaining, 0.5), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The maximum of the first wait; it doubles with every attempt. Default 100 ms.
    pub base: Duration,
    /// The maximum of any wait. Default 5 s.
    pub cap: Duration,
    /// The maximum number of attempts, the first included. Default 10.
    pub attempts: u32,
    /// The minimum time of an attempt: none starts with less remaining. Default 50 ms.
    pub room: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            base: Duration::from_millis(100),
            cap: Duration::from_secs(5),
            attempts: 10,
            room: Duration::from_millis(50),
        }
    }
}

impl RetryPolicy {
    /// The wait after attempt number `attempt` (from 1) ended with `kind` and `remaining` is left;
    /// `None` = no retry. `random` is uniform in 0..1 and passed in, so that this is a pure function.
    pub fn wait(
        &self,
        kind: ReportErrorKind,
        attempt: u32,
        remaining: Duration,
        random: f64,
    ) -> Option<Duration> {
        match kind {
            ReportErrorKind::Throttled | ReportErrorKind::Unavailable => {}
            ReportErrorKind::Denied
            | ReportErrorKind::InvalidToken
            | ReportErrorKind::InvalidReport(_)
            | ReportErrorKind::Unexpected => return None,
        }
        if attempt >= self.attempts || remaining <= self.room {
            return None;
        }
        Some(self.jittered(attempt, random).min(remaining - self.room))
    }

    /// Full jitter: from zero to the doubled base, at most the cap.
    pub fn jittered(&self, attempt: u32, random: f64) -> Duration {
        let doubled = self.base.saturating_mul(1 << attempt.saturating_sub(1).min(20));
        doubled.min(self.cap).mul_f64(random.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report_error::RejectedPart;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn waits_double_up_to_cap() {
        let policy = RetryPolicy::default();
        let max =
            |attempt| policy.wait(ReportErrorKind::Throttled, attempt, MINUTE, 1.0).unwrap().as_millis();
        assert_eq!([max(1), max(2), max(3), max(9)], [100, 200, 400, 5000]);
        assert_eq!(policy.wait(ReportErrorKind::Unavailable, 3, MINUTE, 0.0), Some(Duration::ZERO));
    }

    #[test]
    fn attempts_are_bounded() {
        let policy = RetryPolicy::default();
        assert!(policy.wait(ReportErrorKind::Throttled, 9, MINUTE, 0.5).is_some());
        assert_eq!(policy.wait(ReportErrorKind::Throttled, 10, MINUTE, 0.5), None);
    }

    #[test]
    fn last_attempt_has_room() {
        let policy = RetryPolicy::default();
        let remaining = Duration::from_millis(200);
        assert_eq!(
            policy.wait(ReportErrorKind::Throttled, 8, remaining, 1.0),
            Some(Duration::from_millis(150))
        );
        assert_eq!(policy.wait(ReportErrorKind::Throttled, 1, policy.room, 0.0), None);
    }

    #[test]
    fn only_throttled_and_unavailable_are_retried() {
        for kind in [
            ReportErrorKind::Denied,
            ReportErrorKind::InvalidToken,
            ReportErrorKind::InvalidReport(RejectedPart::Other),
            ReportErrorKind::InvalidReport(RejectedPart::OutputSize),
            ReportErrorKind::Unexpected,
        ] {
            assert_eq!(RetryPolicy::default().wait(kind, 1, MINUTE, 0.5), None, "{kind:?}");
        }
    }
}
