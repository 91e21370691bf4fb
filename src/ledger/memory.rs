mod records;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use taskback_core::{Digest, Fingerprint, Outcome, Receipt};

use super::{Claim, Held, Hold, Ledger, Unreachable};
use crate::BoxFuture;
use records::Records;

/// The ledger of one process, bounded.
///
/// It promises what one process can: at most one accepted outcome, no delivery Done without a
/// receipt, no task untold. It forgets with its process, so that a task whose process died runs
/// again.
#[derive(Debug)]
pub struct Memory {
    most: usize,
    shared: bool,
    records: Mutex<Records>,
}

impl Memory {
    /// Room for `most` tasks. When it is full the oldest Reported and released ones go (an epoch that
    /// is forgotten harms nobody here, for no two owners of one process have the same name); full of
    /// others it counts as unreachable.
    pub fn new(most: usize) -> Self {
        Self { most, shared: false, records: Mutex::default() }
    }

    /// The same ledger, for a worker and a dead-letter handler of one program that both hold it: it
    /// then counts as shared.
    pub fn shared(mut self) -> Self {
        self.shared = true;
        self
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(10_000)
    }
}

impl Ledger for Memory {
    fn is_shared(&self) -> bool {
        self.shared
    }

    fn claim<'a>(
        &'a self,
        key: &'a Fingerprint,
        owner: &'a str,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Claim, Unreachable>> {
        ready(self.records().claim(key, owner, lease, self.most))
    }

    fn renew<'a>(
        &'a self,
        key: &'a Fingerprint,
        hold: &'a Hold,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Held, Unreachable>> {
        ready(Ok(self.records().renew(key, hold, lease)))
    }

    fn release<'a>(&'a self, key: &'a Fingerprint, hold: &'a Hold) -> BoxFuture<'a, Result<(), Unreachable>> {
        self.records().release(key, hold);
        ready(Ok(()))
    }

    fn decide<'a>(
        &'a self,
        key: &'a Fingerprint,
        hold: &'a Hold,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<Held, Unreachable>> {
        ready(Ok(self.records().decide(key, hold, outcome)))
    }

    fn replace<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<Held, Unreachable>> {
        ready(Ok(self.records().replace(key, decided, outcome)))
    }

    fn reported<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        receipt: &'a Receipt,
    ) -> BoxFuture<'a, Result<Held, Unreachable>> {
        ready(Ok(self.records().reported(key, decided, receipt)))
    }
}

fn ready<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, T> {
    Box::pin(std::future::ready(value))
}
