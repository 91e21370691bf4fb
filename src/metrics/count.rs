//! The counters: the table of their names, and what counts as what.

use taskback_core::{ClosedBy, Outcome, Receipt, ReportErrorKind};

use crate::settlement::NackReason;

/// A line for each counter: its name in a line of the log, whose it is, and its family and label on a page. Counters of
/// one family stand together.
macro_rules! counters {
    ($($name:ident [$($role:ident)+] $family:literal $(($label:literal, $value:literal))?;)+) => {
        /// A counter of one service.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Count {
            $($name),+
        }

        impl Count {
            pub(super) const ALL: &[Self] = &[$(Self::$name),+];

            /// Its name in a line.
            pub(super) const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name)),+
                }
            }

            /// The processes that count it.
            #[cfg(feature = "sqs")]
            const fn roles(self) -> &'static [Role] {
                match self {
                    $(Self::$name => &[$(Role::$role),+]),+
                }
            }

            /// Its metric on a page.
            pub(super) const fn family(self) -> &'static str {
                match self {
                    $(Self::$name => $family),+
                }
            }

            /// Its label on a page, beside the service.
            #[cfg(feature = "sqs")]
            pub(super) fn label(self) -> Option<(&'static str, &'static str)> {
                let label: &[_] = match self {
                    $(Self::$name => &[$(($label, $value))?]),+
                };
                label.first().copied()
            }
        }
    };
}

counters! {
    ReportsSucceeded [Worker] "taskback_reports_total" ("outcome", "succeeded");
    ReportsFailed [Worker] "taskback_reports_total" ("outcome", "failed");
    ReportsCanceled [Worker] "taskback_reports_total" ("outcome", "canceled");
    TasksDelegated [Worker] "taskback_tasks_delegated_total";
    TasksClosedByOther [Worker] "taskback_tasks_closed_by_other_total";
    OutcomesUnreported [Worker] "taskback_outcomes_unreported_total";
    NackedRetry [Worker] "taskback_messages_nacked_total" ("reason", "retry");
    NackedUnreadable [Worker] "taskback_messages_nacked_total" ("reason", "unreadable");
    NackedHeld [Worker] "taskback_messages_nacked_total" ("reason", "held");
    NackedLedger [Worker] "taskback_messages_nacked_total" ("reason", "ledger");
    NackedDenied [Worker] "taskback_messages_nacked_total" ("reason", "denied");
    NackedReport [Worker] "taskback_messages_nacked_total" ("reason", "report");
    NackedDeadline [Worker] "taskback_messages_nacked_total" ("reason", "deadline");
    NackedShutdown [Worker] "taskback_messages_nacked_total" ("reason", "shutdown");
    NackedClosed [Worker] "taskback_messages_nacked_total" ("reason", "closed");
    PolledTasksQueued [Poller] "taskback_polled_tasks_total" ("result", "queued");
    PolledTasksFailed [Poller] "taskback_polled_tasks_total" ("result", "failed");
    PolledTasksUnconfirmed [Poller] "taskback_polled_tasks_total" ("result", "unconfirmed");
    PolledTasksLost [Poller] "taskback_polled_tasks_total" ("result", "lost");
    PollsFailed [Poller] "taskback_polls_failed_total";
    ReportAttempts [Worker Poller] "taskback_report_attempts_total";
    Throttled [Worker Poller] "taskback_reports_throttled_total";
}

use Count::*;

/// What a process is, and so what it counts.
#[cfg(feature = "sqs")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Worker,
    Poller,
}

impl Count {
    /// The counters of a process, in their order.
    #[cfg(feature = "sqs")]
    pub(super) fn list(role: Role) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |count| count.roles().contains(&role))
    }

    pub(super) fn is_nack(self) -> bool {
        self.family() == NackedRetry.family()
    }

    /// The counter of a message that is redelivered for this reason.
    pub(super) fn of_nack(reason: &NackReason) -> Self {
        match reason {
            NackReason::Retryable | NackReason::Panicked => NackedRetry,
            NackReason::Unreadable(_) | NackReason::Rejected(_) => NackedUnreadable,
            NackReason::HeldByOther(_) | NackReason::BlockedInGroup => NackedHeld,
            NackReason::LedgerUnavailable | NackReason::LeaseLost | NackReason::LeaseExpired => NackedLedger,
            NackReason::ServiceNotConfigured(_) => NackedDenied,
            NackReason::ReportFailed(kind) | NackReason::FlowCallFailed(kind) => match kind {
                ReportErrorKind::Denied => NackedDenied,
                ReportErrorKind::Throttled
                | ReportErrorKind::Unavailable
                | ReportErrorKind::InvalidToken
                | ReportErrorKind::InvalidReport(_)
                | ReportErrorKind::Unexpected => NackedReport,
            },
            NackReason::Deadline | NackReason::TimedOut | NackReason::NoPermit => NackedDeadline,
            NackReason::Shutdown => NackedShutdown,
            NackReason::ClosedByOther => NackedClosed,
        }
    }

    /// The counter of a receipt; `None` where the outcome of an earlier delivery closed the task, and was counted then.
    pub(super) fn of_receipt(outcome: Option<&Outcome>, receipt: &Receipt) -> Option<Self> {
        if let Receipt::Closed { closed_by: ClosedBy::Other | ClosedBy::Unknown } = receipt {
            return Some(TasksClosedByOther);
        }
        outcome.map(|outcome| match outcome {
            Outcome::Succeeded(_) => ReportsSucceeded,
            Outcome::Failed { .. } => ReportsFailed,
            Outcome::Canceled { .. } => ReportsCanceled,
            Outcome::DelegatedTo { .. } => TasksDelegated,
        })
    }
}
