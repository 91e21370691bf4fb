//! The rules of a ledger, which every store follows: what each operation makes of a task's record.
//!
//! Absent → Running → Decided → Reported. A claim that ends without an outcome returns to Absent and keeps its
//! epoch, so that no earlier owner can write over a later one. Every operation may be repeated: one whose answer was
//! lost is recognised by owner and epoch, or by the outcome's digest.

use std::time::Duration;

use crate::{Digest, Execution, Outcome, Receipt};

/// A ledger's record of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The number of the last claim; 0 = there was none.
    pub epoch: u64,
    /// The digest of the first claim's input, where it is known.
    pub input: Option<Digest>,
    /// The state of the task.
    pub state: State,
}

/// The state of a task.
///
/// Many tasks are Reported at a time and few are Decided: what is larger there is behind a pointer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// No owner and no outcome.
    #[default]
    Absent,
    /// An owner runs the step.
    Running {
        /// Unique to the claim.
        owner: String,
        /// The end of the lease, by the clock of the store.
        ends: Duration,
    },
    /// The outcome is recorded and has no receipt yet.
    Decided(Box<Decided>),
    /// The outcome has its receipt.
    Reported {
        /// The digest of the outcome.
        digest: Digest,
        /// The first receipt.
        receipt: Receipt,
    },
}

/// A recorded outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The outcome.
    pub outcome: Outcome,
    /// The digest of the outcome.
    pub digest: Digest,
    /// The owner that decided it.
    pub owner: String,
}

/// A claim's content.
#[derive(Clone, Copy, Debug)]
pub struct ClaimRequest<'a> {
    /// Unique to the claim.
    pub owner: &'a str,
    /// The length of the lease, from now on.
    pub duration: Duration,
    /// The digest of the task's input. The first one stays. `None` = the caller does not know the input.
    pub input: Option<Digest>,
    /// The ids of the workflow, for people who look into the store.
    pub execution: &'a Execution,
}

/// The answer to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The state that the claim found.
    pub claim: Claim,
    /// True where the task was claimed with another input before.
    pub input_differs: bool,
}

/// The state that a claim finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The task may be run under this lease.
    Acquired(Lease),
    /// Another owner runs it; its lease ends after this long.
    HeldByOther(Duration),
    /// The outcome is decided: report it, do not run the step.
    Decided(Outcome),
    /// The task is finished.
    Reported(Receipt),
}

/// The right to run a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Unique to the claim.
    pub owner: String,
    /// The fencing token: the number of the task's claims so far, so that a later claim has a higher one.
    pub epoch: u64,
}

/// The answer to a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteResult {
    /// The condition held, or the same write was made before.
    Applied,
    /// Another write came first.
    Superseded,
}

/// A conditional write.
#[derive(Clone, Copy, Debug)]
pub enum Operation<'a> {
    /// Extends the lease: it lasts this long from now on, and never less than it does already.
    Renew(&'a Lease, Duration),
    /// Ends the claim without an outcome.
    Release(&'a Lease),
    /// Records the outcome of the lease's owner.
    Decide(&'a Lease, &'a Outcome),
    /// Puts the one replacement in the place of the decided outcome of that digest.
    Replace(Digest, &'a Outcome),
    /// Records the receipt of the outcome of that digest.
    MarkReported(Digest, &'a Receipt),
    /// Ends the claim of that epoch for an owner that is known to be dead, and raises the epoch.
    Revoke(u64),
}

/// The time of a store.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The time since a moment of the store's choice.
    pub now: Duration,
    /// The difference between the clocks of two owners that must not cut a lease short.
    pub skew: Duration,
}

/// Returns the answer to a claim, and the record that it leaves where it changes anything.
pub fn claim(record: &Record, request: &ClaimRequest<'_>, clock: Clock) -> (Option<Record>, Claimed) {
    let ClaimRequest { owner, duration, input, .. } = *request;
    let input_differs = record.input.zip(input).is_some_and(|(first, input)| first != input);
    let epoch = match &record.state {
        State::Absent => record.epoch + 1,
        State::Running { owner: holder, .. } if holder == owner => record.epoch,
        State::Running { ends, .. } => {
            let remaining = ends.saturating_add(clock.skew).saturating_sub(clock.now);
            if !remaining.is_zero() {
                return (None, Claimed { claim: Claim::HeldByOther(remaining), input_differs });
            }
            record.epoch + 1
        }
        State::Decided(decided) => {
            return (None, Claimed { claim: Claim::Decided(decided.outcome.clone()), input_differs });
        }
        State::Reported { receipt, .. } => {
            return (None, Claimed { claim: Claim::Reported(receipt.clone()), input_differs });
        }
    };
    let state = State::Running { owner: owner.to_owned(), ends: clock.now.saturating_add(duration) };
    let next = Record { epoch, input: record.input.or(input), state };
    let claim = Claim::Acquired(Lease { owner: owner.to_owned(), epoch });
    (Some(next), Claimed { claim, input_differs })
}

/// Returns the answer to a write, and the record that it leaves where it changes anything.
pub fn transition(record: &Record, operation: &Operation<'_>, clock: Clock) -> (Option<Record>, WriteResult) {
    let next = match (*operation, &record.state) {
        (Operation::Renew(lease, duration), State::Running { owner, ends }) if record.has(owner, lease) => {
            let until = clock.now.saturating_add(duration);
            // A renewal that the store performs late, after a later one: the owner counts on the later end.
            if until <= *ends {
                return (None, WriteResult::Applied);
            }
            State::Running { owner: owner.clone(), ends: until }
        }
        (Operation::Release(lease), State::Running { owner, .. }) if record.has(owner, lease) => {
            State::Absent
        }
        (Operation::Decide(lease, outcome), State::Running { owner, .. }) if record.has(owner, lease) => {
            decided(outcome, outcome.digest(), owner)
        }
        (Operation::Decide(lease, outcome), State::Decided(there))
            if record.has(&there.owner, lease) && there.digest == outcome.digest() =>
        {
            return (None, WriteResult::Applied);
        }
        (Operation::Replace(digest, outcome), State::Decided(there)) if there.digest == digest => {
            decided(outcome, outcome.digest(), &there.owner)
        }
        (Operation::Replace(_, outcome), State::Decided(there)) if there.digest == outcome.digest() => {
            return (None, WriteResult::Applied);
        }
        (Operation::Replace(_, outcome), State::Reported { digest, .. }) if *digest == outcome.digest() => {
            return (None, WriteResult::Applied);
        }
        (Operation::MarkReported(digest, receipt), State::Decided(there)) if there.digest == digest => {
            State::Reported { digest, receipt: receipt.clone() }
        }
        // The first receipt stays.
        (Operation::MarkReported(digest, _), State::Reported { digest: there, .. }) if *there == digest => {
            return (None, WriteResult::Applied);
        }
        (Operation::Revoke(epoch), State::Running { .. }) if record.epoch == epoch => {
            // An owner that lives after all has an epoch that is over.
            let next = Record { epoch: epoch + 1, state: State::Absent, ..*record };
            return (Some(next), WriteResult::Applied);
        }
        (Operation::Revoke(epoch), State::Absent) if record.epoch == epoch + 1 => {
            return (None, WriteResult::Applied);
        }
        _ => return (None, WriteResult::Superseded),
    };
    (Some(Record { state: next, ..*record }), WriteResult::Applied)
}

fn decided(outcome: &Outcome, digest: Digest, owner: &str) -> State {
    State::Decided(Box::new(Decided { outcome: outcome.clone(), digest, owner: owner.to_owned() }))
}

impl Record {
    fn has(&self, owner: &str, lease: &Lease) -> bool {
        self.epoch == lease.epoch && owner == lease.owner
    }
}

#[cfg(test)]
mod tests;
