//! The lease of a task by the clock of this process.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use taskback_core::ledger::Lease;
use tokio::sync::Notify;
use tokio::time::Instant;

const MIN_LEASE: Duration = Duration::from_secs(1);

/// The length of a lease that is to cover everything up to `deadline`, as far as one lease may: it ends with the time for
/// reports where that is nearer than `max`.
pub(crate) fn lease_length(deadline: Instant, max: Duration) -> Duration {
    deadline.saturating_duration_since(Instant::now()).clamp(MIN_LEASE, max.max(MIN_LEASE))
}

/// A claim, and when its lease ends. The end is counted from before the claim or renewal was asked,
/// so it never comes later here than in the ledger.
pub(crate) struct HeldLease {
    lease: Lease,
    /// The longest lease of a renewal.
    max: Duration,
    state: Mutex<State>,
    taken: Notify,
}

#[derive(Clone, Copy)]
struct State {
    ends: Instant,
    is_taken: bool,
    is_recorded: bool,
}

impl HeldLease {
    pub(crate) fn new(lease: Lease, max: Duration, ends: Instant) -> Self {
        let state = State { ends, is_taken: false, is_recorded: false };
        Self { lease, max, state: Mutex::new(state), taken: Notify::new() }
    }

    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    pub(crate) fn max(&self) -> Duration {
        self.max
    }

    pub(crate) fn ends(&self) -> Instant {
        self.state().ends
    }

    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.ends()
    }

    pub(crate) fn renewed(&self, ends: Instant) {
        self.update(|state| state.ends = ends);
    }

    /// Notes that the ledger says that another owner has the task, or that a write of this one ended the lease.
    pub(crate) fn lose(&self) {
        self.update(|state| (state.ends, state.is_taken) = (state.ends.min(Instant::now()), true));
        self.taken.notify_waiters();
    }

    /// Returns whether [`lose`](Self::lose) was called; a lease that is over may also have run out while the ledger did not
    /// answer.
    pub(crate) fn is_taken(&self) -> bool {
        self.state().is_taken
    }

    /// Waits for [`lose`](Self::lose).
    pub(crate) async fn until_taken(&self) {
        let taken = self.taken.notified();
        if !self.is_taken() {
            taken.await;
        }
    }

    /// Returns whether the ledger holds the outcome: any owner may report it from then on, and no lease
    /// is needed.
    pub(crate) fn is_recorded(&self) -> bool {
        self.state().is_recorded
    }

    pub(crate) fn record(&self) {
        self.update(|state| state.is_recorded = true);
    }

    fn state(&self) -> State {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
