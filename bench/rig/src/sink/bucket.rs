use std::time::Instant;

/// FnF's bucket for reports, as its service documents it.
pub(super) struct Bucket {
    level: f64,
    at: Instant,
}

/// Requests at once.
pub const SIZE: f64 = 10.0;
/// Requests a second after that.
pub const REFILL: f64 = 2.0;

impl Bucket {
    pub(super) fn full() -> Self {
        Self { level: SIZE, at: Instant::now() }
    }

    /// Whether there was room for one more.
    pub(super) fn take(&mut self) -> bool {
        let now = Instant::now();
        self.level = (self.level + (now - self.at).as_secs_f64() * REFILL).min(SIZE);
        self.at = now;
        let room = self.level >= 1.0;
        if room {
            self.level -= 1.0;
        }
        room
    }
}
