mod records;

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use taskback_core::ledger::{
    self, ClaimRequest, Claimed, Clock, Lease, Operation, Record, State, WriteResult,
};
use taskback_core::{Digest, Fingerprint, Outcome, Receipt};
use tokio::time::Instant;

use super::store::{Ledger, LedgerError};
use crate::future::BoxFuture;

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

fn ready<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, T> {
    Box::pin(std::future::ready(value))
}

/// The records of [`taskback_core::ledger`], and how many of them fit.
#[derive(Debug)]
struct Records {
    max_tasks: usize,
    max_outcome_bytes: usize,
    by_key: HashMap<Fingerprint, Entry>,
    /// Tasks that were reported or released, oldest first: they may be forgotten, unless they were
    /// claimed again.
    idle: VecDeque<Fingerprint>,
    /// The bytes of all decided outcomes.
    outcome_bytes: usize,
    /// The clock counts from here.
    start: Instant,
}

#[derive(Debug)]
struct Entry {
    record: Record,
    /// The time of the decision, where there is one.
    decided_at: Duration,
    /// True where it is in `idle`, so that it is there once.
    is_queued: bool,
}

impl Records {
    fn new(max_tasks: usize, max_outcome_bytes: usize) -> Self {
        let (by_key, idle, start) = (HashMap::new(), VecDeque::new(), Instant::now());
        Self { max_tasks, max_outcome_bytes, by_key, idle, outcome_bytes: 0, start }
    }

    /// One process has one clock.
    fn clock(&self) -> Clock {
        Clock { now: self.start.elapsed(), skew: Duration::ZERO }
    }

    fn claim(&mut self, key: &Fingerprint, request: &ClaimRequest<'_>) -> Result<Claimed, LedgerError> {
        let clock = self.clock();
        let Some(entry) = self.by_key.get_mut(key) else {
            self.make_room()?;
            let (next, claimed) = ledger::claim(&Record::default(), request, clock);
            let record = next.unwrap_or_default();
            self.by_key.insert(*key, Entry { record, decided_at: Duration::ZERO, is_queued: false });
            return Ok(claimed);
        };
        let (next, claimed) = ledger::claim(&entry.record, request, clock);
        if let Some(next) = next {
            entry.record = next;
        }
        Ok(claimed)
    }

    fn apply(&mut self, key: &Fingerprint, operation: &Operation<'_>) -> WriteResult {
        let clock = self.clock();
        let Some(entry) = self.by_key.get_mut(key) else { return WriteResult::Superseded };
        let (next, result) = ledger::transition(&entry.record, operation, clock);
        let Some(next) = next else { return result };
        let was_decided = matches!(entry.record.state, State::Decided(_));
        self.outcome_bytes = self.outcome_bytes + bytes(&next) - bytes(&entry.record);
        entry.record = next;
        match entry.record.state {
            State::Absent | State::Reported { .. } => {
                if !std::mem::replace(&mut entry.is_queued, true) {
                    self.idle.push_back(*key);
                }
            }
            State::Decided(_) => {
                if !was_decided {
                    entry.decided_at = clock.now;
                }
                while self.outcome_bytes > self.max_outcome_bytes && self.forget_oldest(Some(key)) {}
            }
            State::Running { .. } => {}
        }
        result
    }

    fn make_room(&mut self) -> Result<(), LedgerError> {
        if self.by_key.len() < self.max_tasks {
            return Ok(());
        }
        while let Some(oldest) = self.idle.pop_front() {
            let Some(entry) = self.by_key.get_mut(&oldest) else { continue };
            entry.is_queued = false;
            if matches!(entry.record.state, State::Absent | State::Reported { .. }) {
                self.by_key.remove(&oldest);
                return Ok(());
            }
        }
        if self.forget_oldest(None) {
            Ok(())
        } else {
            Err(LedgerError::Unavailable(format!("memory is full of {} running tasks", self.max_tasks)))
        }
    }

    /// Forgets the task that is least missed and not idle: its message went to another process, or its step will
    /// run here again. False where all others are running.
    fn forget_oldest(&mut self, except: Option<&Fingerprint>) -> bool {
        let now = self.clock().now;
        let others = self.by_key.iter().filter(|(key, _)| Some(*key) != except);
        let oldest = others.filter_map(|(key, entry)| Some((entry.rank(now)?, *key))).min();
        let Some((_, key)) = oldest else { return false };
        if let Some(entry) = self.by_key.remove(&key) {
            self.outcome_bytes -= bytes(&entry.record);
        }
        true
    }
}

impl Entry {
    /// The order in which tasks that are not idle are forgotten for lack of room: a claim whose lease is over before
    /// an outcome that was not reported, each the oldest first.
    fn rank(&self, now: Duration) -> Option<(bool, Duration)> {
        match &self.record.state {
            State::Running { ends, .. } => (*ends <= now).then_some((false, *ends)),
            State::Decided(_) => Some((true, self.decided_at)),
            State::Absent | State::Reported { .. } => None,
        }
    }
}

/// The bytes of a decided outcome.
fn bytes(record: &Record) -> usize {
    let State::Decided(decided) = &record.state else { return 0 };
    match &decided.outcome {
        Outcome::Succeeded(output) => output.json().len(),
        Outcome::Failed { error, cause } => error.len() + cause.len(),
        Outcome::Canceled { details: text } | Outcome::DelegatedTo { to: text } => text.len(),
    }
}

#[cfg(test)]
mod tests;
