//! The poller, which puts the tasks of services that are polled into the workers' queue: such a service gives a task to
//! the worker that polls, and a function cannot wait for one.

pub(crate) mod config;
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
mod limits;
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
mod poll_loop;
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
mod poll_result;
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
mod sending;
#[cfg(all(feature = "sqs", feature = "sfn"))]
mod sfn;
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
mod source;
#[cfg(all(feature = "sqs", feature = "swf"))]
mod swf;
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
mod task_poller;

#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
pub(crate) use limits::MIN_TIME_FOR_POLL;
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
pub(crate) use poll_loop::{run, run_pollers};
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
pub(crate) use poll_result::{Seen, Tally};
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
pub use task_poller::Poller;
