/// The choice for a task whose ledger is unavailable at the claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LedgerFailurePolicy {
    /// `fail-closed`: the step does not run, and the message is redelivered.
    #[default]
    FailClosed,
    /// `fail-open`: the step runs without a lease. Its outcome may not be the only one.
    FailOpen,
}

/// The choice for the message of a task that another party closed, or for which it is unknown who did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClosedTaskPolicy {
    /// `ack`: the message is acknowledged, since the workflow waits no more.
    #[default]
    Ack,
    /// `nack`: the message is redelivered, and ends in the dead-letter queue.
    Nack,
}
