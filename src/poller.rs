//! The SWF poller, which puts SWF's activity tasks into the workers' queue: SWF gives a task to the worker that polls,
//! and a function cannot wait for one.

pub(crate) mod config;
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
mod limits;
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
mod poll_loop;
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
mod poll_result;
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
mod sending;
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
mod swf_poller;

#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
pub(crate) use limits::MIN_TIME_FOR_POLL;
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
pub(crate) use poll_loop::{run, run_pollers};
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
pub(crate) use poll_result::{Seen, Tally};
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
pub use swf_poller::SwfPoller;
