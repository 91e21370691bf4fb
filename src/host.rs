//! The hosts of a handler: AWS Lambda, Function Compute, or a process of its own.

#[cfg(any(feature = "fc", feature = "sqs"))]
mod connections;
pub(crate) mod fc;
mod function_host;
#[cfg(feature = "sqs")]
mod health;
mod lambda;
mod launch;
#[cfg(feature = "external-steps")]
mod layer;
mod measured;
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
mod poller;
#[cfg(feature = "sqs")]
mod queue_worker;
#[cfg(feature = "sqs")]
mod signals;
mod started;
mod table;
mod thread;

#[cfg(feature = "fnf")]
pub use launch::run_flow_control;
pub use launch::{run, run_configured, run_dead_letters};
#[cfg(feature = "external-steps")]
pub use layer::run_exec_wrapper;
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
pub use poller::{poll, run_poller};
#[cfg(feature = "sqs")]
pub use queue_worker::config::QueueWorkerConfig;
#[cfg(feature = "sqs")]
pub use queue_worker::worker::QueueWorker;
#[cfg(feature = "sqs")]
pub use queue_worker::{run_configured_queue_worker, run_dead_letter_queue_worker, run_queue_worker};
