use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Turns tokio's time, by which tasks time out and which tests may pause, into the time of day
/// that histories show.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    origin: Instant,
    wall: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        // A clock before 1970 shows times from 1970 on, which harms nobody here.
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { origin: Instant::now(), wall }
    }

    /// Seconds since 1970, to the millisecond.
    pub(crate) fn epoch_seconds(&self, at: Instant) -> f64 {
        self.millis(at) as f64 / 1000.0
    }

    /// `YYYY-MM-DDThh:mm:ss.mmmZ`, as FnF shows time.
    pub(crate) fn timestamp(&self, at: Instant) -> String {
        let millis = i64::try_from(self.millis(at)).unwrap_or(i64::MAX);
        let at = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
        at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }

    fn millis(&self, at: Instant) -> u128 {
        (self.wall + at.saturating_duration_since(self.origin)).as_millis()
    }
}
