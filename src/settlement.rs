use std::fmt;
use std::time::Duration;

use taskback_core::{ErrorKind, Fingerprint, Outcome, Receipt, Service, Unreadable};

/// What becomes of a delivery.
#[derive(Clone, Debug)]
pub enum Settlement<D = Done> {
    /// There is a receipt: the message may be deleted.
    Done(D),
    /// No receipt yet: the message comes back.
    Kept(Kept),
}

impl Settlement {
    /// No batch answers with outcomes, and thousands of outputs need not wait for its end.
    pub(crate) fn without_outcome(mut self) -> Self {
        if let Self::Done(done) = &mut self {
            done.outcome = None;
        }
        self
    }
}

impl<D> Settlement<D> {
    /// Whether the message comes back.
    pub fn is_kept(&self) -> bool {
        matches!(self, Self::Kept(_))
    }
}

/// A told task.
#[derive(Clone, Debug)]
pub struct Done {
    /// The service that was told.
    pub service: Service,
    /// The task's public name.
    pub fingerprint: Fingerprint,
    /// What it was told; absent where an earlier delivery told it, or the task was found closed
    /// before there was an outcome.
    pub outcome: Option<Outcome>,
    /// The answer that ended our duty.
    pub receipt: Receipt,
}

/// Why a message comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Its body brings no task. Mend the sender; the message waits for the dead-letter queue.
    Unreadable(Unreadable),
    /// No client for the token's service was configured. Mend the settings.
    NoClient(Service),
    /// The step asked for another delivery.
    Retryable,
    /// The step panicked.
    Panicked,
    /// The time for steps was over before this one ended or began.
    Deadline,
    /// The step was told to stop, because its process ends.
    Shutdown,
    /// No room for the report before the deadline, so that the step did not start.
    NoRoom,
    /// Another owner runs it; its lease ends after this long.
    RunningElsewhere(Duration),
    /// Another owner took it over while the step ran.
    LeaseLost,
    /// The ledger could not be asked, and the settings say not to run without it.
    LedgerDown,
    /// The service took no report; the outcome stays decided.
    Unreported(ErrorKind),
    /// What it asks of a flow can never be done; the text names field and limit, or the
    /// code of the service's answer. Mend the sender.
    Refused(String),
    /// What it asks of a flow was not done: the kind says why.
    NotDone(ErrorKind),
    /// The task was closed, not by us, and the settings say to keep such messages.
    Late,
    /// An earlier message of the same FIFO group was kept.
    Behind,
    /// The invocation ended first.
    Unfinished,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => why.fmt(f),
            Self::NoClient(service) => write!(f, "no client for {service} is configured"),
            Self::Retryable => f.write_str("the step asked for another delivery"),
            Self::Panicked => f.write_str("the step panicked"),
            Self::Deadline => f.write_str("the time for steps is over"),
            Self::Shutdown => f.write_str("the process ends"),
            Self::NoRoom => f.write_str("no room for the report before the deadline"),
            Self::RunningElsewhere(left) => {
                write!(f, "another owner runs it for up to {} s more", left.as_secs())
            }
            Self::LeaseLost => f.write_str("another owner took it over"),
            Self::LedgerDown => f.write_str("the ledger is unreachable"),
            Self::Unreported(kind) => write!(f, "the report has no receipt: {kind:?}"),
            Self::Refused(why) => f.write_str(why),
            Self::NotDone(kind) => write!(f, "the service did not do it: {kind:?}"),
            Self::Late => f.write_str("the task was closed, not by us"),
            Self::Behind => f.write_str("an earlier message of its group was kept"),
            Self::Unfinished => f.write_str("the invocation ended first"),
        }
    }
}
