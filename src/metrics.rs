//! Counters and times of tasks. They are off until a host turns them on; while they are off, a call costs one branch.
//!
//! A function writes them as one line an invocation (`emf.rs`), a process shows them on a page (`prometheus.rs`). Both
//! read the same recorder. No label is made of a message: there are only services, outcomes and few reasons.

mod count;
mod emf;
mod kind;
#[cfg(feature = "sqs")]
mod prometheus;
mod recorder;
mod time;

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use taskback_core::{Outcome, Receipt, Service};
use tokio::time::Instant;

pub(crate) use count::Count;
#[cfg(feature = "sqs")]
pub(crate) use count::Role;
pub(crate) use emf::Labels;
pub use kind::MetricsFormat;
#[cfg(feature = "sqs")]
pub(crate) use prometheus::CONTENT_TYPE;
use recorder::Recorder;
pub(crate) use time::Time;

use crate::settlement::NackReason;

/// A handle to the counters. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Metrics(Arc<OnceLock<Recorder>>);

impl Metrics {
    /// Turns them on for lines, which have the single values of times.
    pub(crate) fn turn_on_for_lines(&self) {
        self.0.get_or_init(|| Recorder::new(true));
    }

    /// Turns them on for a page, which has the distribution of times only.
    #[cfg(feature = "sqs")]
    pub(crate) fn turn_on_for_page(&self) {
        self.0.get_or_init(|| Recorder::new(false));
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.get().is_some()
    }

    pub(crate) fn count(&self, service: Service, count: Count) {
        if let Some(recorder) = self.0.get() {
            recorder.add(Some(service), count);
        }
    }

    /// Counts a message that is redelivered. Without a readable task it has no service.
    pub(crate) fn nacked(&self, service: Option<Service>, reason: &NackReason) {
        if let Some(recorder) = self.0.get() {
            recorder.add(service, Count::of_nack(reason));
        }
    }

    /// Counts a receipt by its outcome, or as that of another party.
    pub(crate) fn receipt(&self, service: Service, outcome: Option<&Outcome>, receipt: &Receipt) {
        if let Some(recorder) = self.0.get()
            && let Some(count) = Count::of_receipt(outcome, receipt)
        {
            recorder.add(Some(service), count);
        }
    }

    /// The start of a time; `None` while they are off.
    pub(crate) fn start(&self) -> Option<Instant> {
        self.is_on().then(Instant::now)
    }

    /// The end of a time that [`start`](Self::start) began.
    pub(crate) fn stop(&self, service: Service, time: Time, start: Option<Instant>) {
        if let (Some(recorder), Some(start)) = (self.0.get(), start) {
            recorder.time(service, time, start.elapsed());
        }
    }

    /// The age of a message, from when it was sent, in milliseconds of the epoch, to now.
    pub(crate) fn queue_age(&self, service: Service, sent: Option<u64>) {
        if let (Some(recorder), Some(sent)) = (self.0.get(), sent) {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            recorder.time(service, Time::QueueAge, now.saturating_sub(Duration::from_millis(sent)));
        }
    }

    /// The lines of what was counted since the last call, one for each service.
    pub(crate) fn take_lines(&self, labels: &Labels<'_>) -> Vec<String> {
        self.0.get().map(|recorder| emf::lines(recorder, labels)).unwrap_or_default()
    }

    /// The page of such a process, for Prometheus.
    #[cfg(feature = "sqs")]
    pub(crate) fn page(&self, role: Role) -> String {
        self.0.get().map(|recorder| prometheus::page(recorder, role)).unwrap_or_default()
    }
}
