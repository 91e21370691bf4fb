use std::time::Duration;

use serde::{Serialize, Serializer};
use taskback_core::{Service, TaskToken};
use tokio::time::Instant;

/// What a service knows of a task. It never holds the token.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskView {
    /// All 64 hex digits of the token's fingerprint.
    pub fingerprint: String,
    /// The service that waits.
    #[serde(serialize_with = "service_name")]
    pub service: Service,
    /// Where the task stands.
    pub state: TaskState,
    /// What the service was told, once and for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Every report that named this task, in order, taken or not.
    pub reports: Vec<Attempt>,
    /// Whether the workflow wants the task cancelled.
    pub cancel_requested: bool,
    /// How many heartbeats were taken.
    pub heartbeats: u32,
    /// The details of the last heartbeat that brought some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
    /// SWF's names for the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<Activity>,
}

/// Where a task stands. All but `Open` are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TaskState {
    /// It waits for its report.
    Open,
    /// It was reported as succeeded (completed, in SWF's words).
    Succeeded,
    /// It was reported as failed.
    Failed,
    /// It was reported as cancelled (SWF), or cancelled through `/_local` (FnF).
    Canceled,
    /// Its time, or the time between two heartbeats, was over before a report came.
    TimedOut,
    /// Its workflow ended without it.
    Closed,
}

/// What a report told, in the caller's own characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// ReportTaskSucceeded or RespondActivityTaskCompleted.
    Succeeded {
        /// FnF's Output or SWF's result.
        output: Option<String>,
    },
    /// ReportTaskFailed or RespondActivityTaskFailed.
    Failed {
        /// FnF's Error or SWF's reason.
        error: Option<String>,
        /// FnF's Cause or SWF's details.
        cause: Option<String>,
    },
    /// RespondActivityTaskCanceled.
    Canceled {
        /// SWF's details.
        details: Option<String>,
    },
}

/// One report that came in, and what it was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// The operation, such as `ReportTaskSucceeded`.
    pub operation: String,
    /// The HTTP status; none where the connection ended without an answer.
    pub status: Option<u16>,
    /// The service's error code, where the answer was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Whether the outcome was taken.
    pub accepted: bool,
    /// The fault that this call met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// SWF's names for an activity task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    /// The domain of the workflow.
    pub domain: String,
    /// The workflow execution's id, chosen by whoever started it.
    pub workflow_id: String,
    /// The workflow execution's id, chosen by the service.
    pub run_id: String,
    /// The list on which the task can be polled.
    pub task_list: String,
    /// The activity's id within its workflow.
    pub activity_id: String,
    /// The name of the activity's type.
    pub activity_name: String,
    /// The version of the activity's type.
    pub activity_version: String,
    /// The event of the workflow's history that scheduled the task.
    pub scheduled_event_id: i64,
    /// The event of the workflow's history that started the task.
    pub started_event_id: i64,
}

/// A task with its secret and its clocks.
pub(crate) struct Task {
    pub(crate) token: TaskToken,
    pub(crate) input: String,
    pub(crate) timers: Timers,
    pub(crate) view: TaskView,
}

/// Until when a task may stay open; both clocks start over when a worker takes the task.
pub(crate) struct Timers {
    started: Instant,
    beat: Instant,
    timeout: Option<Duration>,
    heartbeat: Option<Duration>,
}

/// How a task ends.
#[derive(Clone)]
pub(crate) enum End {
    Told(Outcome),
    TimedOut(Timeout),
    CanceledHere,
    WorkflowGone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timeout {
    StartToClose,
    Heartbeat,
}

impl End {
    pub(crate) fn state(&self) -> TaskState {
        match self {
            Self::Told(Outcome::Succeeded { .. }) => TaskState::Succeeded,
            Self::Told(Outcome::Failed { .. }) => TaskState::Failed,
            Self::Told(Outcome::Canceled { .. }) | Self::CanceledHere => TaskState::Canceled,
            Self::TimedOut(_) => TaskState::TimedOut,
            Self::WorkflowGone => TaskState::Closed,
        }
    }
}

impl Timers {
    pub(crate) fn new(now: Instant, timeout: Option<Duration>, heartbeat: Option<Duration>) -> Self {
        Self { started: now, beat: now, timeout, heartbeat }
    }

    pub(crate) fn restart(&mut self, now: Instant) {
        self.started = now;
        self.beat = now;
    }

    pub(crate) fn beat(&mut self, now: Instant) {
        self.beat = now;
    }

    /// When the task times out if nothing comes, and by which of its clocks.
    pub(crate) fn due(&self) -> Option<(Instant, Timeout)> {
        let at = |since: Instant, most: Option<Duration>| most.and_then(|most| since.checked_add(most));
        let close = at(self.started, self.timeout).map(|at| (at, Timeout::StartToClose));
        let beat = at(self.beat, self.heartbeat).map(|at| (at, Timeout::Heartbeat));
        close.into_iter().chain(beat).min_by_key(|(at, _)| *at)
    }
}

fn service_name<S: Serializer>(service: &Service, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(service.name())
}
