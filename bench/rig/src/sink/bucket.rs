use std::time::Instant;

/// FnF's documented bucket for reports.
pub(super) struct Bucket {
    level: f64,
    at: Instant,
}

/// The burst size in requests.
pub const SIZE: f64 = 10.0;
/// The refill in requests per second.
pub const REFILL: f64 = 2.0;

impl Bucket {
    pub(super) fn full() -> Self {
        Self { level: SIZE, at: Instant::now() }
    }

    /// Takes a request from the bucket; `false` if it is empty.
    pub(super) fn take(&mut self) -> bool {
        let now = Instant::now();
        self.level = (self.level + (now - self.at).as_secs_f64() * REFILL).min(SIZE);
        self.at = now;
        let has_room = self.level >= 1.0;
        if has_room {
            self.level -= 1.0;
        }
        has_room
    }
}
