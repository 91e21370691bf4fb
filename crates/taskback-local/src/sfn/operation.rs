use crate::operation::Operation;

/// The operations of Step Functions that are supported here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SfnOperation {
    GetActivityTask,
    SendTaskHeartbeat,
    SendTaskSuccess,
    SendTaskFailure,
    GetExecutionHistory,
}

use SfnOperation::*;

impl SfnOperation {
    pub(super) const ALL: [Self; 5] =
        [GetActivityTask, SendTaskHeartbeat, SendTaskSuccess, SendTaskFailure, GetExecutionHistory];

    /// The operation of that name on the wire.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.spec().name.trim_start_matches("states:") == name)
    }

    pub(super) const fn spec(self) -> Operation {
        match self {
            GetActivityTask => Operation::new("GetActivityTask"),
            SendTaskHeartbeat => Operation::new("SendTaskHeartbeat"),
            SendTaskSuccess => Operation::report("SendTaskSuccess"),
            SendTaskFailure => Operation::report("SendTaskFailure"),
            // FnF has an operation of this name, and a fault has only the name.
            GetExecutionHistory => Operation::new("states:GetExecutionHistory"),
        }
    }
}
