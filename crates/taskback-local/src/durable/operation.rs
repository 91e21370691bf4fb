use crate::operation::Operation;

/// The operations on callbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DurableOperation {
    Succeed,
    Fail,
    Heartbeat,
}

impl DurableOperation {
    pub(super) const ALL: [Self; 3] = [Self::Succeed, Self::Fail, Self::Heartbeat];

    /// The operation of a path's last segment.
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
        }
    }
}
