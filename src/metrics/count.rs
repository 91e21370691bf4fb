//! The counters: the table of their names, and what counts as what.

use taskback_core::{ClosedBy, Outcome, Receipt, ReportErrorKind};

use crate::settlement::NackReason;

/// A counter of one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    ReportsSucceeded,
    ReportsFailed,
    ReportsCanceled,
    TasksDelegated,
    TasksClosedByOther,
    OutcomesUnreported,
    ReportAttempts,
    Throttled,
    NackedRetry,
    NackedUnreadable,
    NackedHeld,
    NackedLedger,
    NackedDenied,
    NackedReport,
    NackedDeadline,
    NackedShutdown,
    NackedClosed,
    PollerQueued,
    PollerFailed,
    PollerUnconfirmed,
    PollerLost,
    PollsFailed,
}

use Count::*;

/// A counter's name in a line, and its family and label on a page.
#[cfg_attr(not(feature = "sqs"), allow(dead_code, reason = "only processes have a page"))]
pub(super) struct Names {
    pub(super) line: &'static str,
    pub(super) family: &'static str,
    pub(super) label: Option<(&'static str, &'static str)>,
}

impl Count {
    pub(super) const NUMBER: usize = PollsFailed as usize + 1;

    /// The counters of a worker.
    pub(crate) const OF_TASKS: [Self; 17] = [
        ReportsSucceeded,
        ReportsFailed,
        ReportsCanceled,
        TasksDelegated,
        TasksClosedByOther,
        OutcomesUnreported,
        ReportAttempts,
        Throttled,
        NackedRetry,
        NackedUnreadable,
        NackedHeld,
        NackedLedger,
        NackedDenied,
        NackedReport,
        NackedDeadline,
        NackedShutdown,
        NackedClosed,
    ];

    /// The counters of the poller.
    pub(crate) const OF_POLLS: [Self; 7] =
        [PollerQueued, PollerFailed, PollerUnconfirmed, PollerLost, PollsFailed, ReportAttempts, Throttled];

    pub(super) const fn is_nack(self) -> bool {
        matches!(
            self,
            NackedRetry
                | NackedUnreadable
                | NackedHeld
                | NackedLedger
                | NackedDenied
                | NackedReport
                | NackedDeadline
                | NackedShutdown
                | NackedClosed
        )
    }

    #[rustfmt::skip]
    pub(super) const fn names(self) -> Names {
        let (line, family, label) = match self {
            ReportsSucceeded => ("ReportsSucceeded", "taskback_reports_total", Some(("outcome", "succeeded"))),
            ReportsFailed => ("ReportsFailed", "taskback_reports_total", Some(("outcome", "failed"))),
            ReportsCanceled => ("ReportsCanceled", "taskback_reports_total", Some(("outcome", "canceled"))),
            TasksDelegated => ("TasksDelegated", "taskback_tasks_delegated_total", None),
            TasksClosedByOther => ("TasksClosedByOther", "taskback_tasks_closed_by_other_total", None),
            OutcomesUnreported => ("OutcomesUnreported", "taskback_outcomes_unreported_total", None),
            ReportAttempts => ("ReportAttempts", "taskback_report_attempts_total", None),
            Throttled => ("Throttled", "taskback_reports_throttled_total", None),
            NackedRetry => ("NackedRetry", "taskback_messages_nacked_total", Some(("reason", "retry"))),
            NackedUnreadable => ("NackedUnreadable", "taskback_messages_nacked_total", Some(("reason", "unreadable"))),
            NackedHeld => ("NackedHeld", "taskback_messages_nacked_total", Some(("reason", "held"))),
            NackedLedger => ("NackedLedger", "taskback_messages_nacked_total", Some(("reason", "ledger"))),
            NackedDenied => ("NackedDenied", "taskback_messages_nacked_total", Some(("reason", "denied"))),
            NackedReport => ("NackedReport", "taskback_messages_nacked_total", Some(("reason", "report"))),
            NackedDeadline => ("NackedDeadline", "taskback_messages_nacked_total", Some(("reason", "deadline"))),
            NackedShutdown => ("NackedShutdown", "taskback_messages_nacked_total", Some(("reason", "shutdown"))),
            NackedClosed => ("NackedClosed", "taskback_messages_nacked_total", Some(("reason", "closed"))),
            PollerQueued => ("PolledTasksQueued", "taskback_polled_tasks_total", Some(("result", "queued"))),
            PollerFailed => ("PolledTasksFailed", "taskback_polled_tasks_total", Some(("result", "failed"))),
            PollerUnconfirmed => ("PolledTasksUnconfirmed", "taskback_polled_tasks_total", Some(("result", "unconfirmed"))),
            PollerLost => ("PolledTasksLost", "taskback_polled_tasks_total", Some(("result", "lost"))),
            PollsFailed => ("PollsFailed", "taskback_polls_failed_total", None),
        };
        Names { line, family, label }
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
