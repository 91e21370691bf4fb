/// What FnF can be asked to do here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    ReportTaskSucceeded,
    ReportTaskFailed,
    CreateFlow,
    DescribeFlow,
    DeleteFlow,
    StartExecution,
    StopExecution,
    DescribeExecution,
    GetExecutionHistory,
    ListExecutions,
}

use Operation::*;

const ALL: [Operation; 10] = [
    ReportTaskSucceeded,
    ReportTaskFailed,
    CreateFlow,
    DescribeFlow,
    DeleteFlow,
    StartExecution,
    StopExecution,
    DescribeExecution,
    GetExecutionHistory,
    ListExecutions,
];

impl Operation {
    pub(crate) fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|operation| operation.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            ReportTaskSucceeded => "ReportTaskSucceeded",
            ReportTaskFailed => "ReportTaskFailed",
            CreateFlow => "CreateFlow",
            DescribeFlow => "DescribeFlow",
            DeleteFlow => "DeleteFlow",
            StartExecution => "StartExecution",
            StopExecution => "StopExecution",
            DescribeExecution => "DescribeExecution",
            GetExecutionHistory => "GetExecutionHistory",
            ListExecutions => "ListExecutions",
        }
    }

    pub(super) fn method(self) -> &'static str {
        match self {
            DescribeFlow | DescribeExecution | GetExecutionHistory | ListExecutions => "GET",
            _ => "POST",
        }
    }

    /// Whether it tells the outcome of a task.
    pub(super) fn is_report(self) -> bool {
        matches!(self, ReportTaskSucceeded | ReportTaskFailed)
    }

    /// Whether it can meet a 409: a report TaskInvalidState, StopExecution ConcurrentUpdateError.
    pub(crate) fn has_conflict(self) -> bool {
        self.is_report() || self == StopExecution
    }
}
