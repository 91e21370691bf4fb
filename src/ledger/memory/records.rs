//! The records of one process, for operators.

use taskback_core::Fingerprint;
use taskback_core::ledger::{Clock, Operation, State, WriteResult};

use super::{Entry, Memory, ready};
use crate::future::BoxFuture;
use crate::ledger::records::{FoundRecords, LedgerRecords, MAX_FOUND, RecordQuery, TaskRecord};
use crate::ledger::store::LedgerError;

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

impl Entry {
    fn shown(&self, key: Fingerprint, clock: Clock) -> TaskRecord {
        let record = self.record.clone();
        let owner = match &record.state {
            State::Running { owner, .. } => Some(owner.clone()),
            State::Decided(decided) => Some(decided.owner.clone()),
            State::Absent | State::Reported { .. } => None,
        };
        TaskRecord { fingerprint: key, record, owner, execution: Vec::new(), clock }
    }
}
