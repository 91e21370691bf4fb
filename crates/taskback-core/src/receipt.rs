use std::fmt;

/// The service's confirmation that no further report is needed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Receipt {
    /// The service accepted the report.
    Recorded {
        /// The service's id of the request.
        request_id: Option<String>,
    },
    /// The task was already closed.
    Closed {
        /// The party that closed it, as far as known.
        closed_by: ClosedBy,
    },
    /// Another party holds the token and reports.
    Delegated {
        /// The name of that party, such as an execution's.
        to: String,
    },
}

impl Receipt {
    /// The name in responses and logs: `recorded`, `closed` or `delegated`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Recorded { .. } => "recorded",
            Self::Closed { .. } => "closed",
            Self::Delegated { .. } => "delegated",
        }
    }
}

/// The party that closed a task, as far as known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClosedBy {
    /// This taskback: the workflow's history has its outcome.
    Us,
    /// Probably this taskback: a response was lost, the outcome had been decided before, or the
    /// message had been delivered before.
    ProbablyUs,
    /// Nothing is known: the trigger does not count deliveries, or a shared ledger has no outcome of this taskback.
    Unknown,
    /// Another party: this was the first attempt of the first delivery, or the workflow's history says so.
    Other,
}

impl ClosedBy {
    /// The name in responses and logs, as it is serialized: `us`, `probably-us`, `unknown` or `other`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::ProbablyUs => "probably-us",
            Self::Unknown => "unknown",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for ClosedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The facts about earlier attempts to report the same task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PriorAttempts {
    /// An attempt of this delivery may have been accepted, but its response was lost. A refused
    /// connection or a throttled request does not count.
    pub lost_answer: bool,
    /// The ledger already held the outcome when this delivery began.
    pub found_decided: bool,
    /// The number of deliveries of the message, this one included, where the trigger counts them.
    pub receive_count: Option<u32>,
}

impl PriorAttempts {
    /// The party that closed a task which is found closed now, as far as these facts tell.
    pub fn closed_by(self) -> ClosedBy {
        match self.receive_count {
            _ if self.lost_answer || self.found_decided => ClosedBy::ProbablyUs,
            Some(2..) => ClosedBy::ProbablyUs,
            Some(_) => ClosedBy::Other,
            None => ClosedBy::Unknown,
        }
    }

    /// The party that closed a task which is found closed before this delivery has an outcome. A shared ledger that
    /// gave the task out knows of no outcome of this taskback: then an earlier delivery alone makes none probable.
    pub fn closed_by_without_outcome(self, is_from_shared_ledger: bool) -> ClosedBy {
        match self.closed_by() {
            ClosedBy::ProbablyUs if is_from_shared_ledger => ClosedBy::Unknown,
            closed_by => closed_by,
        }
    }
}
