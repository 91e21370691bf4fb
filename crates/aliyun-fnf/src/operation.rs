//! The operations of the API: one type for each request, checked before it is sent, and its response.

mod execution;
mod flow;
mod history;
mod list;
mod params;
mod report;
mod request;
mod start;
mod stop;

pub use execution::{DescribeExecution, Execution, ExecutionStatus};
pub use flow::{CreateFlow, DeleteFlow, Deleted, DescribeFlow, ExecutionMode, Flow};
pub use history::{Event, GetExecutionHistory, History};
pub use list::{Executions, ListExecutions};
pub(crate) use params::Params;
pub use report::{ReportTaskFailed, ReportTaskSucceeded, Reported};
pub(crate) use request::sealed;
pub use request::{Operation, Paged};
pub use start::StartExecution;
pub use stop::StopExecution;
