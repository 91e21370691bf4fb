//! The memory of claims and decided outcomes, by fingerprint.
//!
//! Absent → Running(owner, epoch, lease) → Decided(outcome) → Reported(receipt). A claim that ends
//! without an outcome goes back to Absent and keeps its epoch, so that no owner of before can write
//! over an owner of after.

#[cfg(feature = "dynamodb")]
mod dynamodb;
mod memory;

use std::fmt;
use std::time::Duration;

use taskback_core::{Digest, Fingerprint, Outcome, Receipt};

use crate::BoxFuture;

#[cfg(feature = "dynamodb")]
pub use dynamodb::DynamoDb;
pub use memory::Memory;

/// A store with conditional writes. Every call is safe to make again: an answer that was lost is
/// recognised by owner and epoch, or by the outcome's digest.
pub trait Ledger: Send + Sync + 'static {
    /// Whether other processes see what this one writes.
    fn is_shared(&self) -> bool;

    /// Whether there is room for this outcome. Asked before it is decided: an output without room
    /// becomes the failure `OutputTooLarge`.
    fn fits(&self, _outcome: &Outcome) -> bool {
        true
    }

    /// Takes the task where nobody holds it: absent, or running with a lease that is over.
    fn claim<'a>(
        &'a self,
        key: &'a Fingerprint,
        owner: &'a str,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Claim, Unreachable>>;

    /// Prolongs the lease from now. `Lost` = somebody else holds the task.
    fn renew<'a>(
        &'a self,
        key: &'a Fingerprint,
        hold: &'a Hold,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Held, Unreachable>>;

    /// Ends a claim without an outcome. Nothing happens where the hold was lost.
    fn release<'a>(&'a self, key: &'a Fingerprint, hold: &'a Hold) -> BoxFuture<'a, Result<(), Unreachable>>;

    /// Running → Decided, for the one who holds the task.
    fn decide<'a>(
        &'a self,
        key: &'a Fingerprint,
        hold: &'a Hold,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<Held, Unreachable>>;

    /// Puts the one replacement in the place of the decided outcome with that digest. `Lost` =
    /// something else stands there.
    fn replace<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<Held, Unreachable>>;

    /// Decided → Reported, for anyone who has a receipt for the outcome with that digest. `Lost` =
    /// another outcome stands there.
    fn reported<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        receipt: &'a Receipt,
    ) -> BoxFuture<'a, Result<Held, Unreachable>>;
}

/// What a claim finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The task is ours to run.
    Ours(Hold),
    /// Somebody else runs it; the lease ends after this long.
    Running(Duration),
    /// The outcome is decided: report it, do not run the step.
    Decided(Outcome),
    /// Its duty is done.
    Reported(Receipt),
}

/// Who holds a task, and since which claim of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Unique to the claim.
    pub owner: String,
    /// Counts the task's claims: a later one has a higher number.
    pub epoch: u64,
}

/// Whether a conditional write found what it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It did.
    Yes,
    /// Somebody else's write came before.
    Lost,
}

/// The ledger could not be asked. Nothing is known of whether a write took place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreachable(pub String);

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ledger unreachable: {}", self.0)
    }
}

impl std::error::Error for Unreachable {}
