//! Room in memory for the events of several invocations at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::request::MAX_EVENT;

/// The memory for events. Large events are handled one after the other where the function's memory holds no more of
/// them; one that gets none before its deadline fails.
pub(super) struct Room {
    units: Arc<Semaphore>,
    total: u32,
}

/// Bytes of an event in one unit.
const UNIT: usize = 64 << 10;
/// MiB of memory that count where the host does not say how many there are.
const DEFAULT_MEMORY: usize = 256;
/// MiB that are not for events: the program itself, and steps.
const RESERVED: usize = 64;
/// The memory of an event while it is handled, as a multiple of its size, as measured for messages of a usual shape.
const FACTOR: usize = 4;

impl Room {
    /// The room of a function with so many MiB of memory: always enough for the largest event.
    pub(super) fn new(memory: Option<usize>) -> Self {
        let mib = memory.unwrap_or(DEFAULT_MEMORY).saturating_sub(RESERVED) / FACTOR;
        let units = units(mib.saturating_mul(1 << 20).max(MAX_EVENT));
        Self { units: Arc::new(Semaphore::new(units as usize)), total: units }
    }

    /// Waits for room for an event of so many bytes, which is held until the permit is dropped. An event of
    /// unknown size counts as the largest. `None` where there is none before the deadline.
    pub(super) async fn take(&self, bytes: Option<usize>, deadline: Instant) -> Option<OwnedSemaphorePermit> {
        let units = units(bytes.unwrap_or(MAX_EVENT)).min(self.total);
        timeout_at(deadline, Arc::clone(&self.units).acquire_many_owned(units)).await.ok()?.ok()
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT).max(1)).unwrap_or(u32::MAX).min(Semaphore::MAX_PERMITS as u32)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_large_events_wait_for_memory() {
        let soon = || Instant::now() + Duration::from_secs(1);
        for (memory, at_once) in
            [(None, 1), (Some(64), 1), (Some(256), 1), (Some(1024), 7), (Some(usize::MAX), 100)]
        {
            let room = Room::new(memory);
            let mut taken = Vec::new();
            for _ in 0..at_once {
                taken.push(room.take(Some(MAX_EVENT), soon()).await.expect("room"));
            }
            if at_once < 100 {
                assert!(room.take(Some(MAX_EVENT), soon()).await.is_none(), "{memory:?}");
                assert!(room.take(None, soon()).await.is_none(), "{memory:?}");
                taken.pop();
                assert!(room.take(None, soon()).await.is_some(), "{memory:?}");
            }
        }
        let room = Room::new(None);
        let large = room.take(Some(MAX_EVENT), soon()).await;
        let mut small = Vec::new();
        for _ in 0..200 {
            small.push(room.take(Some(1000), soon()).await.expect("room for a small event"));
        }
        drop(large);
    }
}
