use std::time::Duration;

use serde::{Serialize, Serializer};
use taskback_core::{Service, TaskToken};
use tokio::time::Instant;

use crate::durable::callback::Callback;
use crate::sfn::waiting_state::WaitingState;
use crate::swf::activity::Activity;

/// The public state of a task, without its token.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskView {
    /// The fingerprint of the token, 64 hex digits.
    pub fingerprint: String,
    /// The service that waits for a report.
    #[serde(serialize_with = "serialize_name")]
    pub service: Service,
    /// Open, or the way in which the task ended.
    pub state: TaskState,
    /// The accepted outcome; it never changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<ReportedOutcome>,
    /// Every attempt to report this task, in order, accepted or not.
    pub reports: Vec<Attempt>,
    /// True once the cancellation of the task was requested.
    pub cancel_requested: bool,
    /// The number of accepted heartbeats.
    pub heartbeats: u32,
    /// The details of the last heartbeat that had any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
    /// SWF's names for the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<Activity>,
    /// Step Functions' names for the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_state: Option<WaitingState>,
    /// The names of a durable function's callback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback: Option<Callback>,
}

/// The state of a task. All but `Open` are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TaskState {
    /// The task waits for its report.
    Open,
    /// The task was reported as succeeded (SWF: completed).
    Succeeded,
    /// The task was reported as failed.
    Failed,
    /// The task was reported as canceled (SWF), or canceled through `/_local` (FnF).
    Canceled,
    /// The timeout or the heartbeat timeout passed before a report.
    TimedOut,
    /// The workflow ended before a report.
    Closed,
}

/// The outcome in a report, in the caller's own characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ReportedOutcome {
    /// ReportTaskSucceeded, RespondActivityTaskCompleted or SendTaskSuccess.
    Succeeded {
        /// FnF's Output, SWF's result or Step Functions' output.
        output: Option<String>,
    },
    /// ReportTaskFailed, RespondActivityTaskFailed or SendTaskFailure.
    Failed {
        /// FnF's Error, SWF's reason or Step Functions' error.
        error: Option<String>,
        /// FnF's Cause, SWF's details or Step Functions' cause.
        cause: Option<String>,
    },
    /// RespondActivityTaskCanceled.
    Canceled {
        /// SWF's details.
        details: Option<String>,
    },
}

/// One attempt to report a task, and its result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// The operation, such as `ReportTaskSucceeded`.
    pub operation: String,
    /// The HTTP status, or `None` if the connection ended without a response.
    pub status: Option<u16>,
    /// The service's error code, if the response was an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// True if the service accepted the outcome.
    pub accepted: bool,
    /// The fault injected into the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// A task with its secret and its timers.
pub(crate) struct LocalTask {
    pub(crate) token: TaskToken,
    pub(crate) input: String,
    pub(crate) timers: TaskTimers,
    pub(crate) view: TaskView,
}

/// The timeout and the heartbeat timeout of a task. Both start again when a worker polls the task.
pub(crate) struct TaskTimers {
    started: Instant,
    last_heartbeat: Instant,
    timeout: Option<Duration>,
    heartbeat: Option<Duration>,
}

/// The way in which a task ends.
#[derive(Clone)]
pub(crate) enum TaskEnd {
    Reported(ReportedOutcome),
    TimedOut(TimeoutKind),
    CanceledByTest,
    WorkflowEnded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeoutKind {
    StartToClose,
    Heartbeat,
}

impl TaskEnd {
    pub(crate) fn state(&self) -> TaskState {
        match self {
            Self::Reported(ReportedOutcome::Succeeded { .. }) => TaskState::Succeeded,
            Self::Reported(ReportedOutcome::Failed { .. }) => TaskState::Failed,
            Self::Reported(ReportedOutcome::Canceled { .. }) | Self::CanceledByTest => TaskState::Canceled,
            Self::TimedOut(_) => TaskState::TimedOut,
            Self::WorkflowEnded => TaskState::Closed,
        }
    }
}

impl TaskTimers {
    pub(crate) fn new(now: Instant, timeout: Option<Duration>, heartbeat: Option<Duration>) -> Self {
        Self { started: now, last_heartbeat: now, timeout, heartbeat }
    }

    pub(crate) fn restart(&mut self, now: Instant) {
        self.started = now;
        self.last_heartbeat = now;
    }

    pub(crate) fn record_heartbeat(&mut self, now: Instant) {
        self.last_heartbeat = now;
    }

    /// The earlier of the two timeouts, if the task has any.
    pub(crate) fn due(&self) -> Option<(Instant, TimeoutKind)> {
        let at = |start: Instant, max: Option<Duration>| max.and_then(|max| start.checked_add(max));
        let timeout = at(self.started, self.timeout).map(|at| (at, TimeoutKind::StartToClose));
        let heartbeat = at(self.last_heartbeat, self.heartbeat).map(|at| (at, TimeoutKind::Heartbeat));
        timeout.into_iter().chain(heartbeat).min_by_key(|(at, _)| *at)
    }
}

fn serialize_name<S: Serializer>(service: &Service, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(service.name())
}
