//! The records of one process, and how many of them fit.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use taskback_core::ledger::{self, ClaimRequest, Claimed, Clock, Operation, Record, State, WriteResult};
use taskback_core::{Fingerprint, Outcome};
use tokio::time::Instant;

use crate::ledger::records::TaskRecord;
use crate::ledger::store::LedgerError;

/// The records of [`taskback_core::ledger`], and how many of them fit.
#[derive(Debug)]
pub(super) struct Records {
    max_tasks: usize,
    max_outcome_bytes: usize,
    pub(super) by_key: HashMap<Fingerprint, Entry>,
    /// Tasks that were reported or released, oldest first: they may be forgotten, unless they were
    /// claimed again.
    idle: VecDeque<Fingerprint>,
    /// The bytes of all decided outcomes.
    outcome_bytes: usize,
    /// The clock counts from here.
    start: Instant,
}

#[derive(Debug)]
pub(super) struct Entry {
    record: Record,
    /// The time of the decision, where there is one.
    decided_at: Duration,
    /// True where it is in `idle`, so that it is there once.
    is_queued: bool,
}

impl Records {
    pub(super) fn new(max_tasks: usize, max_outcome_bytes: usize) -> Self {
        let (by_key, idle, start) = (HashMap::new(), VecDeque::new(), Instant::now());
        Self { max_tasks, max_outcome_bytes, by_key, idle, outcome_bytes: 0, start }
    }

    /// One process has one clock.
    pub(super) fn clock(&self) -> Clock {
        Clock { now: self.start.elapsed(), skew: Duration::ZERO }
    }

    pub(super) fn claim(
        &mut self,
        key: &Fingerprint,
        request: &ClaimRequest<'_>,
    ) -> Result<Claimed, LedgerError> {
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

    pub(super) fn apply(&mut self, key: &Fingerprint, operation: &Operation<'_>) -> WriteResult {
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
    /// The record for people. The ledger holds no ids of a workflow.
    pub(super) fn shown(&self, key: Fingerprint, clock: Clock) -> TaskRecord {
        let record = self.record.clone();
        let owner = match &record.state {
            State::Running { owner, .. } => Some(owner.clone()),
            State::Decided(decided) => Some(decided.owner.clone()),
            State::Absent | State::Reported { .. } => None,
        };
        TaskRecord { fingerprint: key, record, owner, execution: Vec::new(), clock }
    }

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
