//! StartExecution and StopExecution of FnF, as a handler of its own, as calls and as a step.

mod call;
mod check;
mod control;
mod handler;
mod reason;
mod request;
mod start_flow;
mod view;

pub use control::{FlowControl, NotDone};
pub use reason::Reason;
pub use request::{Invalid, Request};
pub use start_flow::StartFlow;
pub use view::View;
