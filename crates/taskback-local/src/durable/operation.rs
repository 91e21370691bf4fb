use crate::operation::Operation;

/// The operations on callbacks and executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DurableOperation {
    Succeed,
    Fail,
    Heartbeat,
    History,
}

impl DurableOperation {
    pub(super) const ALL: [Self; 4] = [Self::Succeed, Self::Fail, Self::Heartbeat, Self::History];

    /// The operation on a callback that a path's last segment names.
    pub(super) fn from_segment(segment: &str) -> Option<Self> {
        match segment {
            "succeed" => Some(Self::Succeed),
            "fail" => Some(Self::Fail),
            "heartbeat" => Some(Self::Heartbeat),
            _ => None,
        }
    }

    pub(super) const fn spec(self) -> Operation {
        match self {
            Self::Succeed => Operation::report("SendDurableExecutionCallbackSuccess"),
            Self::Fail => Operation::report("SendDurableExecutionCallbackFailure"),
            Self::Heartbeat => Operation::new("SendDurableExecutionCallbackHeartbeat"),
            Self::History => Operation::new("GetDurableExecutionHistory"),
        }
    }
}
