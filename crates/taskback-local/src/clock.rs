use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Converts tokio's time, which drives time-outs and can be paused by tests, to the time of day
/// for histories.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    origin: Instant,
    wall: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        // A system clock before 1970 is treated as 1970, which is harmless for histories.
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { origin: Instant::now(), wall }
    }

    /// Seconds since 1970, with millisecond precision.
    pub(crate) fn epoch_seconds(&self, at: Instant) -> f64 {
        self.millis(at) as f64 / 1000.0
    }

    /// `YYYY-MM-DDThh:mm:ss.mmmZ`.
    pub(crate) fn timestamp(&self, at: Instant) -> String {
        let millis = i64::try_from(self.millis(at)).unwrap_or(i64::MAX);
        let at = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
        at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }

    fn millis(&self, at: Instant) -> u128 {
        (self.wall + at.saturating_duration_since(self.origin)).as_millis()
    }
}
