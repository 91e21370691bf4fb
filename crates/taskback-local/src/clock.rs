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
        let since = self.wall + at.saturating_duration_since(self.origin);
        since.as_millis() as f64 / 1000.0
    }
}
