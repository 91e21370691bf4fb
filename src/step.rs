//! The user's business code. Each kind of step is a file, with one line in the table of schemes in `config`.

#[cfg(feature = "external-steps")]
mod command;
mod config;
mod contract;
#[cfg(feature = "external-steps")]
mod external;
mod function;
#[cfg(feature = "external-steps")]
mod handler;
#[cfg(feature = "external-steps")]
mod http;
#[cfg(feature = "external-steps")]
mod program;
mod router;
mod task;
mod terminal_errors;
pub(crate) mod verify_card;

#[cfg(feature = "external-steps")]
pub(crate) use command::reap_all;
#[cfg(feature = "external-steps")]
pub use command::{CommandLine, CommandStep};
pub(crate) use config::{NOT_SET, StepOptions, configured};
pub use config::{Routes, StepConfig};
pub use contract::{Step, StepError, StepOutput};
pub use function::{IntoStep, IntoStepOutput};
#[cfg(feature = "external-steps")]
pub(crate) use handler::Stage2;
#[cfg(feature = "external-steps")]
pub use handler::{FunctionAnswer, FunctionProcess, HandlerStep};
#[cfg(feature = "external-steps")]
pub use http::{HttpStep, StepUrl};
pub use router::{RouteKey, Router, UnroutedPolicy};
pub(crate) use task::TaskContext;
pub use task::{Cancellation, Task};
pub use terminal_errors::TerminalErrors;
