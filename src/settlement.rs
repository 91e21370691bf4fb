use std::fmt;
use std::time::Duration;

use taskback_core::{DecodeError, Fingerprint, Outcome, Receipt, ReportErrorKind, Service};

use crate::response::Response;

/// The end of a delivery. There is no third, so that it may be matched exhaustively.
#[derive(Clone, Debug)]
pub enum Settlement {
    /// There is a receipt: the message may be deleted.
    Ack(Ack),
    /// There is no receipt yet: the message is redelivered.
    Nack(NackReason),
}

/// The proof that a delivery is done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Ack {
    /// A task that has its receipt.
    Task(Acked),
    /// A request to start or stop a flow that was done, with the response to a direct invocation.
    Flow(Response),
}

/// A task whose outcome needs no further report.
#[derive(Clone, Debug)]
pub struct Acked {
    /// The service of the task.
    pub service: Service,
    /// The task's public name.
    pub fingerprint: Fingerprint,
    /// The reported outcome; `None` where an earlier delivery reported it, or the task was found closed
    /// before there was an outcome.
    pub outcome: Option<Outcome>,
    /// The service's confirmation.
    pub receipt: Receipt,
}

impl Settlement {
    /// Whether the message is redelivered.
    pub fn is_nack(&self) -> bool {
        matches!(self, Self::Nack(_))
    }

    /// Drops the outcome. No batch responds with outcomes, and thousands of outputs need not wait for its end.
    pub(crate) fn without_outcome(mut self) -> Self {
        if let Self::Ack(Ack::Task(acked)) = &mut self {
            acked.outcome = None;
        }
        self
    }
}

impl From<Result<Acked, NackReason>> for Settlement {
    fn from(result: Result<Acked, NackReason>) -> Self {
        match result {
            Ok(acked) => Self::Ack(Ack::Task(acked)),
            Err(reason) => Self::Nack(reason),
        }
    }
}

/// The reason why a message is redelivered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NackReason {
    /// Its body brings no task. Correct the sender; the message goes to the dead-letter queue.
    Unreadable(DecodeError),
    /// No client for the token's service is configured. Correct the settings.
    ServiceNotConfigured(Service),
    /// The step asked for another delivery.
    Retryable,
    /// The step panicked.
    Panicked,
    /// The time for steps was over before this one ended or began.
    Deadline,
    /// The step was stopped, because its process ends.
    Shutdown,
    /// No room for the report before the deadline, so that the step did not start.
    NoPermit,
    /// Another owner runs it; its lease ends after this long.
    HeldByOther(Duration),
    /// Another owner claimed it while the step ran.
    LeaseLost,
    /// Its lease ended while the ledger did not answer; no other owner is known of.
    LeaseExpired,
    /// The ledger could not be asked, and the settings say not to run without it.
    LedgerUnavailable,
    /// The service accepted no report; the outcome stays decided.
    ReportFailed(ReportErrorKind),
    /// A request to a flow that can never be done; the text names field and limit, or the
    /// code of the service's answer. Correct the sender.
    Rejected(String),
    /// A request to a flow was not done, for an error of that kind.
    FlowCallFailed(ReportErrorKind),
    /// The task was closed, not by us, and the settings say to nack such messages.
    ClosedByOther,
    /// An earlier message of the same FIFO group was nacked.
    BlockedInGroup,
    /// The invocation ended first.
    TimedOut,
}

impl fmt::Display for NackReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(reason) => reason.fmt(f),
            Self::ServiceNotConfigured(service) => write!(f, "no client for {service} is configured"),
            Self::Retryable => f.write_str("the step asked for another delivery"),
            Self::Panicked => f.write_str("the step panicked"),
            Self::Deadline => f.write_str("the time for steps is over"),
            Self::Shutdown => f.write_str("the process ends"),
            Self::NoPermit => f.write_str("no room for the report before the deadline"),
            Self::HeldByOther(remaining) => {
                write!(f, "another owner runs it for up to {} s more", remaining.as_secs())
            }
            Self::LeaseLost => f.write_str("another owner claimed it"),
            Self::LeaseExpired => f.write_str("its lease ended while the ledger did not answer"),
            Self::LedgerUnavailable => f.write_str("the ledger is unreachable"),
            Self::ReportFailed(kind) => write!(f, "the report has no receipt: {kind:?}"),
            Self::Rejected(reason) => f.write_str(reason),
            Self::FlowCallFailed(kind) => write!(f, "the service did not do it: {kind:?}"),
            Self::ClosedByOther => f.write_str("the task was closed, not by us"),
            Self::BlockedInGroup => f.write_str("an earlier message of its group will be redelivered"),
            Self::TimedOut => f.write_str("the invocation ended first"),
        }
    }
}
