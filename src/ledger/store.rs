//! The contract of every store.

use std::fmt;
use std::time::Duration;

use taskback_core::ledger::{ClaimRequest, Claimed, Lease, WriteResult};
use taskback_core::{Digest, Fingerprint, Outcome, Receipt};

use crate::future::BoxFuture;

/// A store with conditional writes. Every call is safe to make again: an answer that was lost is
/// recognised by owner and epoch, or by the outcome's digest.
///
/// [`Memory`](super::Memory) and `DynamoDb` implement it; a store of your own keeps the rules of
/// [`taskback_core::ledger`], whose pure functions say what every call does to a record.
///
/// ```
/// use std::time::Duration;
///
/// use taskback::ledger::{Claim, ClaimRequest, Ledger, Memory};
/// use taskback::{Execution, Outcome, Service, TaskToken};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let ledger = Memory::default();
/// let (key, outcome) = (TaskToken::new(Service::Swf, "the-token")?.fingerprint(), Outcome::failed("E", "cause"));
/// let (input, execution) = (outcome.digest(), Execution::default());
/// let request = ClaimRequest { owner: "this process", duration: Duration::from_secs(60), input: Some(input), execution: &execution };
/// let Claim::Acquired(lease) = ledger.claim(&key, &request).await?.claim else { panic!("another owner") };
/// ledger.decide(&key, &lease, &outcome).await?;
/// assert_eq!(ledger.claim(&key, &request).await?.claim, Claim::Decided(outcome));
/// # Ok(()) }
/// ```
pub trait Ledger: Send + Sync + 'static {
    /// Returns whether other processes see what this one writes.
    fn is_shared(&self) -> bool;

    /// Returns whether there is room for this outcome. Checked before it is decided: an output without room
    /// becomes the failure `OutputTooLarge`.
    fn fits(&self, _outcome: &Outcome) -> bool {
        true
    }

    /// Checks that the store answers and permits what the ledger needs, once at the start of a process; it writes
    /// nothing. [`LedgerError::Refused`] ends the start.
    fn check(&self) -> BoxFuture<'_, Result<(), LedgerError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Claims the task where no owner holds it: absent, or running with a lease that is over.
    fn claim<'a>(
        &'a self,
        key: &'a Fingerprint,
        request: &'a ClaimRequest<'a>,
    ) -> BoxFuture<'a, Result<Claimed, LedgerError>>;

    /// Extends the lease from now on. `Superseded` = another owner holds the task.
    fn renew<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
        duration: Duration,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>>;

    /// Ends a claim without an outcome. Nothing happens where the lease was lost.
    fn release<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
    ) -> BoxFuture<'a, Result<(), LedgerError>>;

    /// Running → Decided, for the owner of the lease.
    fn decide<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>>;

    /// Puts the one replacement in the place of the decided outcome with that digest. `Superseded` =
    /// another outcome is recorded.
    fn replace<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>>;

    /// Decided → Reported, for any owner that has a receipt for the outcome with that digest. `Superseded` =
    /// another outcome is recorded.
    fn mark_reported<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        receipt: &'a Receipt,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>>;
}

/// A call of the ledger without an answer about the task.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LedgerError {
    /// No answer, or one that says that the ledger is busy: whether a write took place is unknown.
    /// Retry. The one error to which [`LedgerFailurePolicy::FailOpen`](crate::LedgerFailurePolicy::FailOpen)
    /// applies.
    Unavailable(String),
    /// The ledger answered and refused: a permission or a table is missing, or an item cannot be
    /// read. Nothing was written. Fix what the text names.
    Refused(String),
}

impl LedgerError {
    /// Returns whether the store refused, so that a retry is useless: a missing table, a permission, credentials.
    pub fn needs_fix(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(reason) => write!(f, "ledger unavailable: {reason}"),
            Self::Refused(reason) => write!(f, "ledger refused: {reason}"),
        }
    }
}

impl std::error::Error for LedgerError {}
