mod bounded;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use taskback_core::ledger::{ClaimRequest, Claimed, Lease, Operation, WriteResult};
use taskback_core::{Digest, Fingerprint, Outcome, Receipt};

use super::records::{FoundRecords, LedgerRecords, MAX_FOUND, RecordQuery, TaskRecord};
use super::store::{Ledger, LedgerError};
use crate::future::BoxFuture;
use bounded::Records;

/// The ledger of one process, bounded in tasks and bytes.
///
/// Within its process at most one outcome is accepted, and no message is acknowledged without a receipt. Its records
/// end with the process, so a task whose process died runs again.
///
/// When it is full it forgets in this order, the oldest first: tasks that were reported or released, claims
/// whose lease is over, outcomes that were decided and not reported. A forgotten task is as one whose process
/// died: if its message is redelivered here, the step runs again, and the service accepts one outcome only.
///
/// ```
/// use std::sync::Arc;
///
/// use taskback::ledger::Memory;
/// use taskback::Taskback;
///
/// // For a worker and the handler of its dead letters in one process.
/// let ledger = Arc::new(Memory::default().shared());
/// let handler = Taskback::builder().ledger(ledger.clone()).dead_letters();
/// ```
#[derive(Debug)]
pub struct Memory {
    shared: bool,
    records: Mutex<Records>,
}

impl Memory {
    /// The ledger with room for `max_tasks` tasks, and for 64 MiB of outcomes that are decided and not yet reported.
    /// (A forgotten epoch does no harm: no two owners of one process have the same name.) Full of
    /// running tasks it counts as unavailable.
    pub fn new(max_tasks: usize) -> Self {
        Self { shared: false, records: Mutex::new(Records::new(max_tasks, 64 << 20)) }
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

    fn apply<'a>(
        &self,
        key: &Fingerprint,
        operation: &Operation<'_>,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        ready(Ok(self.records().apply(key, operation)))
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
        request: &'a ClaimRequest<'a>,
    ) -> BoxFuture<'a, Result<Claimed, LedgerError>> {
        ready(self.records().claim(key, request))
    }

    fn renew<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
        duration: Duration,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        self.apply(key, &Operation::Renew(lease, duration))
    }

    fn release<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        let _result = self.records().apply(key, &Operation::Release(lease));
        ready(Ok(()))
    }

    fn decide<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        self.apply(key, &Operation::Decide(lease, outcome))
    }

    fn replace<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        self.apply(key, &Operation::Replace(decided, outcome))
    }

    fn mark_reported<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        receipt: &'a Receipt,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        self.apply(key, &Operation::MarkReported(decided, receipt))
    }
}

/// It holds no ids of a workflow, so a search finds fingerprints only.
impl LedgerRecords for Memory {
    fn read<'a>(&'a self, key: &'a Fingerprint) -> BoxFuture<'a, Result<Option<TaskRecord>, LedgerError>> {
        let records = self.records();
        let found = records.by_key.get(key).map(|entry| entry.shown(*key, records.clock()));
        ready(Ok(found))
    }

    fn search<'a>(&'a self, query: &'a RecordQuery) -> BoxFuture<'a, Result<FoundRecords, LedgerError>> {
        let records = self.records();
        let shown = records.by_key.iter().map(|(key, entry)| entry.shown(*key, records.clock()));
        let mut found: Vec<_> = shown.filter(|record| query.matches(record)).take(MAX_FOUND + 1).collect();
        let is_partial = found.len() > MAX_FOUND;
        found.truncate(MAX_FOUND);
        ready(Ok(FoundRecords { records: found, is_partial }))
    }

    fn revoke<'a>(
        &'a self,
        key: &'a Fingerprint,
        epoch: u64,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        self.apply(key, &Operation::Revoke(epoch))
    }
}

fn ready<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, T> {
    Box::pin(std::future::ready(value))
}
