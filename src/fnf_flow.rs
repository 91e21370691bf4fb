//! StartExecution and StopExecution of FnF, as a handler of its own, as calls and as a step.

mod call;
mod control;
mod execution;
mod handler;
mod invalid;
mod request;
mod start_flow;

pub use control::{FlowControl, FlowError};
pub use execution::{ExecutionView, FailureReason};
pub use invalid::InvalidRequest;
pub use request::Request;
pub use start_flow::StartFlow;
