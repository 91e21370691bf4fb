use std::time::Duration;

use crate::ErrorKind;

/// When a report is tried again: full jitter between attempts, bounded by their number and by the
/// time that is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The most that the first wait can be; it doubles with every attempt. Default 100 ms.
    pub base: Duration,
    /// The most that any wait can be. Default 5 s.
    pub cap: Duration,
    /// The most attempts, the first included. Default 10.
    pub attempts: u32,
    /// The least time that an attempt needs: none starts with less left. Default 50 ms.
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
    /// How long to wait after attempt number `made` (from 1) ended with `kind` and `left` remains;
    /// `None` = not again. `random` is uniform in 0..1 and handed in, so that this is a function.
    pub fn wait(&self, kind: ErrorKind, made: u32, left: Duration, random: f64) -> Option<Duration> {
        match kind {
            ErrorKind::Throttled | ErrorKind::Unavailable => {}
            ErrorKind::Denied
            | ErrorKind::InvalidToken
            | ErrorKind::InvalidReport(_)
            | ErrorKind::Unexpected => return None,
        }
        if made >= self.attempts || left <= self.room {
            return None;
        }
        Some(self.jittered(made, random).min(left - self.room))
    }

    /// Full jitter: anything from nothing to the doubled base, as far as the cap.
    pub fn jittered(&self, made: u32, random: f64) -> Duration {
        let doubled = self.base.saturating_mul(1 << made.saturating_sub(1).min(20));
        doubled.min(self.cap).mul_f64(random.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Flaw;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn waits_double_up_to_the_cap() {
        let policy = RetryPolicy::default();
        let most = |made| policy.wait(ErrorKind::Throttled, made, MINUTE, 1.0).unwrap().as_millis();
        assert_eq!([most(1), most(2), most(3), most(9)], [100, 200, 400, 5000]);
        assert_eq!(policy.wait(ErrorKind::Unavailable, 3, MINUTE, 0.0), Some(Duration::ZERO));
    }

    #[test]
    fn the_number_of_attempts_is_bounded() {
        let policy = RetryPolicy::default();
        assert!(policy.wait(ErrorKind::Throttled, 9, MINUTE, 0.5).is_some());
        assert_eq!(policy.wait(ErrorKind::Throttled, 10, MINUTE, 0.5), None);
    }

    #[test]
    fn a_last_attempt_always_starts_with_room_before_the_end() {
        let policy = RetryPolicy::default();
        let left = Duration::from_millis(200);
        assert_eq!(policy.wait(ErrorKind::Throttled, 8, left, 1.0), Some(Duration::from_millis(150)));
        assert_eq!(policy.wait(ErrorKind::Throttled, 1, policy.room, 0.0), None);
    }

    #[test]
    fn only_throttled_and_unavailable_are_tried_again() {
        for kind in [
            ErrorKind::Denied,
            ErrorKind::InvalidToken,
            ErrorKind::InvalidReport(Flaw::Other),
            ErrorKind::InvalidReport(Flaw::OutputSize),
            ErrorKind::Unexpected,
        ] {
            assert_eq!(RetryPolicy::default().wait(kind, 1, MINUTE, 0.5), None, "{kind:?}");
        }
    }
}
