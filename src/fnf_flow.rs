//! StartExecution and StopExecution of FnF, as a handler of its own, as calls and as a step.

mod call;
mod control;
mod execution;
#[cfg(feature = "sqs")]
mod first_message;
mod handler;
mod invalid;
mod request;
mod start_flow;

pub use control::{FlowControl, FlowError};
pub use execution::{ExecutionView, FailureReason};
#[cfg(feature = "sqs")]
pub(crate) use first_message::with_first_message;
pub use invalid::InvalidRequest;
pub use request::Request;
pub use start_flow::StartFlow;
