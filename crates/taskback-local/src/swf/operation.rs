use crate::operation::Operation;

/// The operations of SWF that are supported here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SwfOperation {
    PollForActivityTask,
    RecordActivityTaskHeartbeat,
    RespondActivityTaskCompleted,
    RespondActivityTaskFailed,
    RespondActivityTaskCanceled,
    GetWorkflowExecutionHistory,
    TerminateWorkflowExecution,
    RegisterDomain,
}

use SwfOperation::*;

impl SwfOperation {
    pub(super) const ALL: [Self; 8] = [
        PollForActivityTask,
        RecordActivityTaskHeartbeat,
        RespondActivityTaskCompleted,
        RespondActivityTaskFailed,
        RespondActivityTaskCanceled,
        GetWorkflowExecutionHistory,
        TerminateWorkflowExecution,
        RegisterDomain,
    ];

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.spec().name == name)
    }

    pub(super) const fn spec(self) -> Operation {
        match self {
            PollForActivityTask => Operation::new("PollForActivityTask"),
            RecordActivityTaskHeartbeat => Operation::new("RecordActivityTaskHeartbeat"),
            RespondActivityTaskCompleted => Operation::report("RespondActivityTaskCompleted"),
            RespondActivityTaskFailed => Operation::report("RespondActivityTaskFailed"),
            RespondActivityTaskCanceled => Operation::report("RespondActivityTaskCanceled"),
            GetWorkflowExecutionHistory => Operation::new("GetWorkflowExecutionHistory"),
            TerminateWorkflowExecution => Operation::new("TerminateWorkflowExecution"),
            RegisterDomain => Operation::new("RegisterDomain"),
        }
    }
}
