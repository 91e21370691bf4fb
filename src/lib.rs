//! Run the step, hand the task back.
//!
//! A workflow service gives out a task token and waits. Taskback sits where the token arrives: it
//! runs the user's step and reports exactly one outcome to the service that waits, whatever fails
//! in between.
//!
//! ```no_run
//! use serde::{Deserialize, Serialize};
//! use taskback::{StepError, Task};
//!
//! #[derive(Deserialize)]
//! struct Order {
//!     total: u64,
//! }
//!
//! #[derive(Serialize)]
//! struct Approved {
//!     total: u64,
//! }
//!
//! async fn approve(task: Task<Order>) -> Result<Approved, StepError> {
//!     if task.input.total > 1_000 {
//!         return Err(StepError::terminal("TooExpensive", "more than 1000"));
//!     }
//!     Ok(Approved { total: task.input.total })
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), taskback::Error> {
//!     taskback::run(approve).await
//! }
//! ```
//!
//! The modules, in reading order: an event's way from [`run`] through trigger, batch and adapter
//! to the report.

mod runtime;
mod taskback;

#[cfg(feature = "fnf")]
pub mod flow;
#[cfg(feature = "sqs")]
mod poller;

mod delivery;
mod settlement;
mod trigger;

mod batch;

mod adapter;
mod budget;
mod dead_letter;
pub mod ledger;
mod liveness;
mod shutdown;
mod step;

#[cfg(feature = "sqs")]
mod queue;
mod report;
mod service;

#[cfg(feature = "swf")]
pub mod aws;
mod error;
pub mod log;
pub mod settings;
#[cfg(feature = "testing")]
pub mod testing;

use std::pin::Pin;

pub use budget::Budget;
pub use error::Error;
#[cfg(feature = "sqs")]
pub use poller::SwfPoller;
#[cfg(feature = "sqs")]
pub use queue::Queue;
#[cfg(feature = "fnf")]
pub use runtime::run_flow_control;
pub use runtime::{Handler, run, run_chosen, run_dead_letters};
#[cfg(feature = "sqs")]
pub use runtime::{QueueWorker, Work, poll, run_swf_poller, work, work_chosen, work_dead_letters};
#[cfg(feature = "fnf")]
pub use service::Fnf;
#[cfg(feature = "secrets")]
pub use service::FnfSecret;
#[cfg(feature = "swf")]
pub use service::Swf;
pub use service::{Beat, Reporter, Services, Slot};
pub use settings::{Settings, SettingsError};
pub use settlement::{Done, Kept, Settlement};
pub use shutdown::Shutdown;
pub use step::{
    Cancellation, Card, IntoStep, IntoStepEnd, Router, Step, StepEnd, StepError, Task, Verified, verify_card,
};
#[cfg(feature = "outside")]
pub use step::{CommandStep, HttpStep};
pub use taskback::{Builder, Taskback};
pub use taskback_core as core;
pub use trigger::{EventError, InvocationError, tasks};

/// A future behind a pointer, for traits that are used as values.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The README's code, compiled and run.
#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../README.md")]
mod readme {}
