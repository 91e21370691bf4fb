//! StartExecution and StopExecution of FnF, as a handler of its own and as a step.

mod call;
mod control;
mod request;
mod start_flow;

pub use control::FlowControl;
pub use start_flow::StartFlow;
