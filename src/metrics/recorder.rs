//! The numbers of all services.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use taskback_core::Service;

use super::count::Count;
use super::time::{Time, Times};

/// The counters and times of each service, and of messages without one.
pub(super) struct Recorder {
    slots: Vec<Slot>,
    keeps_samples: bool,
}

/// The numbers of one service.
pub(super) struct Slot {
    /// `None` = messages without a readable task.
    pub(super) service: Option<Service>,
    counts: [AtomicU64; Count::ALL.len()],
    /// A lock each, held for one addition.
    times: [Mutex<Times>; Time::ALL.len()],
}

impl Recorder {
    /// With `keeps_samples` the single values of times wait for the next line.
    pub(super) fn new(keeps_samples: bool) -> Self {
        let services = std::iter::once(None).chain(Service::ALL.map(Some));
        let slots = services.map(|service| Slot {
            service,
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
            times: std::array::from_fn(|_| Mutex::default()),
        });
        Self { slots: slots.collect(), keeps_samples }
    }

    pub(super) fn add(&self, service: Option<Service>, count: Count) {
        if let Some(slot) = self.slot(service) {
            slot.counts[count as usize].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn time(&self, service: Service, time: Time, value: Duration) {
        if let Some(slot) = self.slot(Some(service)) {
            slot.times(time).add(time, value, self.keeps_samples);
        }
    }

    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    fn slot(&self, service: Option<Service>) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.service == service)
    }
}

impl Slot {
    /// The service's name, or `none`.
    pub(super) fn name(&self) -> &'static str {
        self.service.map_or("none", Service::name)
    }

    #[cfg(feature = "sqs")]
    pub(super) fn get(&self, count: Count) -> u64 {
        self.counts[count as usize].load(Ordering::Relaxed)
    }

    /// The number since the last call.
    pub(super) fn take(&self, count: Count) -> u64 {
        self.counts[count as usize].swap(0, Ordering::Relaxed)
    }

    pub(super) fn times(&self, time: Time) -> MutexGuard<'_, Times> {
        self.times[time as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
