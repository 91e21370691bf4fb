//! The trait of a service whose tasks are polled.

use serde_json::value::RawValue;
use taskback_core::{Execution, TaskToken, TokenError};

use crate::aws::AwsError;
use crate::future::BoxFuture;
use crate::service::Reporter;

/// A service that gives a task to the worker that polls.
pub(super) trait TaskSource: Send + Sync {
    /// Polls once; `None` = there was no task. Never dropped in flight: the service may have handed out a task, which no
    /// other poll gets.
    fn poll(&self) -> BoxFuture<'_, Result<Option<Polled>, AwsError>>;

    /// The client that fails a task which cannot be queued.
    fn reporter(&self) -> &dyn Reporter;

    /// The ids of a task for people.
    fn ids<'a>(&'a self, execution: &'a Execution) -> TaskIds<'a>;

    /// The message group of a FIFO queue, in which the tasks of one workflow stay in order; `None` = each task is a group.
    fn group<'a>(&self, execution: &'a Execution) -> Option<&'a str>;
}

/// A task that was polled.
pub(super) struct Polled {
    /// An error if the token is one that no report can carry.
    pub(super) token: Result<TaskToken, TokenError>,
    pub(super) input: Box<RawValue>,
    pub(super) execution: Execution,
}

/// The ids of a task in the log, as far as the service gives them.
#[derive(Clone, Copy, Default)]
pub(super) struct TaskIds<'a> {
    pub(super) domain: Option<&'a str>,
    pub(super) workflow: Option<&'a str>,
    pub(super) run: Option<&'a str>,
    pub(super) activity: Option<&'a str>,
}
