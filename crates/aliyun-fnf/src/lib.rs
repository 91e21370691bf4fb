#![doc = include_str!("../README.md")]

mod builder;
mod call;
mod check;
mod client;
mod credentials;
mod endpoint;
mod error;
mod fields;
mod hidden;
mod inner;
mod limiter;
mod operation;
mod pages;
mod scrub;
pub mod sign;
mod wire;

pub use builder::ClientBuilder;
pub use call::Call;
pub use client::Client;
pub use credentials::{Credentials, OfficialChain};
pub use error::{Error, ErrorKind};
pub use hidden::Hidden;
pub use limiter::{AcquireError, Limiter, Permit, Quota};
pub use operation::{
    CreateFlow, DeleteFlow, Deleted, DescribeExecution, DescribeFlow, Event, Execution, ExecutionMode,
    ExecutionStatus, Executions, Flow, GetExecutionHistory, History, ListExecutions, Operation, Paged,
    ReportTaskFailed, ReportTaskSucceeded, Reported, StartExecution, StopExecution,
};
pub use pages::PageGuard;
pub use wire::API_VERSION;
// Part of this API: providers of credentials implement their traits.
pub use {reqsign_aliyun_oss, reqsign_core};
