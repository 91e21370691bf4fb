use crate::operation::Operation;

/// The operations of FnF that are supported here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FnfOperation {
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

use FnfOperation::*;

impl FnfOperation {
    pub(super) const ALL: [Self; 10] = [
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

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.spec().name == name)
    }

    /// Documented conflicts: a report has TaskInvalidState, StopExecution has ConcurrentUpdateError.
    pub(super) const fn spec(self) -> Operation {
        match self {
            ReportTaskSucceeded => {
                Operation { has_conflict: true, ..Operation::report("ReportTaskSucceeded") }
            }
            ReportTaskFailed => Operation { has_conflict: true, ..Operation::report("ReportTaskFailed") },
            CreateFlow => Operation::new("CreateFlow"),
            DescribeFlow => Operation::new("DescribeFlow"),
            DeleteFlow => Operation::new("DeleteFlow"),
            StartExecution => Operation::new("StartExecution"),
            StopExecution => {
                Operation { has_conflict: true, stops_slowly: true, ..Operation::new("StopExecution") }
            }
            DescribeExecution => Operation::new("DescribeExecution"),
            GetExecutionHistory => Operation::new("GetExecutionHistory"),
            ListExecutions => Operation::new("ListExecutions"),
        }
    }

    /// The HTTP method that a request must have.
    pub(super) fn method(self) -> &'static str {
        match self {
            DescribeFlow | DescribeExecution | GetExecutionHistory | ListExecutions => "GET",
            _ => "POST",
        }
    }
}
