/// An answer that ends our duty.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Receipt {
    /// The service took the report.
    Recorded {
        /// The service's id of the request.
        request_id: Option<String>,
    },
    /// The task was closed already.
    Closed {
        /// Whether the outcome it was closed with is ours.
        ours: Ours,
    },
    /// A delegation was taken: somebody else reports.
    HandedOver {
        /// Who.
        to: String,
    },
}

impl Receipt {
    /// The name for people: `recorded`, `closed`, `handed-over`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Recorded { .. } => "recorded",
            Self::Closed { .. } => "closed",
            Self::HandedOver { .. } => "handed-over",
        }
    }
}

/// What is known of who closed a closed task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ours {
    /// We did: the ledger or the workflow's history says so.
    Known,
    /// An answer of ours was lost, the outcome had been decided before, or the message was
    /// delivered before.
    Likely,
    /// Nothing speaks for or against it.
    Unknown,
    /// It was the first attempt of the first delivery.
    No,
}

/// What is known of earlier attempts to report the same task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// An attempt of this delivery may have been taken and its answer was lost. A refused
    /// connection or a throttle is no lost answer.
    pub lost_answer: bool,
    /// The ledger already held the outcome when this delivery began.
    pub found_decided: bool,
    /// How often the message was delivered, this time included, where the trigger says.
    pub receive_count: Option<u32>,
}

impl Earlier {
    /// Whether a task that is found closed now was closed by us, as far as this tells.
    pub fn ours(self) -> Ours {
        match self.receive_count {
            _ if self.lost_answer || self.found_decided => Ours::Likely,
            Some(2..) => Ours::Likely,
            Some(_) => Ours::No,
            None => Ours::Unknown,
        }
    }
}
