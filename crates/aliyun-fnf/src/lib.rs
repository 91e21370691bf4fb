#![doc = include_str!("../README.md")]

mod call;
mod check;
mod client;
mod credentials;
mod endpoint;
mod error;
mod fields;
mod hidden;
mod limiter;
mod operation;
pub mod sign;
mod wire;

pub use call::Call;
pub use client::{Client, ClientBuilder};
pub use credentials::{Credentials, OfficialChain};
pub use error::{Error, ErrorKind};
pub use hidden::Hidden;
pub use limiter::{Limiter, NoSlot, Quota, Slot};
pub use operation::{
    CreateFlow, DeleteFlow, Deleted, DescribeExecution, DescribeFlow, Event, Execution, ExecutionMode,
    ExecutionStatus, Executions, Flow, GetExecutionHistory, History, ListExecutions, Operation, Paged,
    ReportTaskFailed, ReportTaskSucceeded, Reported, StartExecution, StopExecution,
};
pub use wire::API_VERSION;
// Their traits and types are part of this API: providers of credentials implement them.
pub use {reqsign_aliyun_oss, reqsign_core};
