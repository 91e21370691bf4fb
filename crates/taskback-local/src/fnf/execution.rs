use std::sync::Arc;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::definition::StateMachine;
use super::expression::Scope;
use crate::clock::Clock;
use crate::effect::Effect;
use crate::task::{ReportedOutcome, TaskEnd};

/// One execution of a flow.
pub(super) struct FlowExecution {
    pub(super) flow_name: String,
    pub(super) name: String,
    pub(super) definition: Arc<str>,
    pub(super) machine: Arc<StateMachine>,
    pub(super) role_arn: String,
    /// JSON text, like every input and output.
    pub(super) input: String,
    pub(super) status: ExecutionStatus,
    pub(super) output: String,
    pub(super) started: Instant,
    pub(super) ended: Option<Instant>,
    /// The fingerprint of the task that is reported when this execution ends.
    pub(super) callback: Option<String>,
    pub(super) events: Vec<HistoryEvent>,
    /// The index of the current state.
    pub(super) state_index: usize,
    /// The input of the current state.
    pub(super) state_input: String,
    pub(super) waiting_for: WaitingFor,
    /// The time and reason of a stop that takes effect slowly.
    pub(super) pending_stop: Option<(Instant, FailureReason)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExecutionStatus {
    /// Only in the response to StartExecution.
    Starting,
    Running,
    Stopped,
    Succeeded,
    Failed,
    TimedOut,
}

/// The reason for which a running execution does not continue.
pub(super) enum WaitingFor {
    Nothing,
    /// The end of a Wait state.
    Timer(Instant),
    /// The report of a task.
    Report {
        fingerprint: String,
        scheduled_event: i64,
    },
}

/// Error and cause of a stop or a failure.
#[derive(Clone, Debug, Default)]
pub(super) struct FailureReason {
    pub(super) error: Option<String>,
    pub(super) cause: Option<String>,
}

/// An unsuccessful end: failed or timed out.
pub(super) struct Failure {
    pub(super) status: ExecutionStatus,
    pub(super) reason: FailureReason,
}

/// One event of an execution's history. Its detail is JSON text and holds no token.
pub(super) struct HistoryEvent {
    pub(super) event_type: &'static str,
    /// The id of the event that scheduled the task, 0 outside of tasks.
    pub(super) scheduled_event: i64,
    pub(super) step: String,
    pub(super) at: Instant,
    pub(super) detail: String,
}

impl FlowExecution {
    pub(super) fn view(&self, clock: &Clock) -> Value {
        json!({
            "FlowName": self.flow_name,
            "Name": self.name,
            "Status": self.status.name(),
            "Input": self.input,
            "Output": self.output,
            "RoleArn": self.role_arn,
            "FlowDefinition": &*self.definition,
            "StartedTime": clock.timestamp(self.started),
            "StoppedTime": self.ended.map(|at| clock.timestamp(at)).unwrap_or_default(),
        })
    }

    /// Appends an event of the execution and returns its id. `data` are names with JSON text.
    pub(super) fn push(&mut self, event_type: &'static str, at: Instant, data: &[(&str, &str)]) -> i64 {
        self.push_event(HistoryEvent {
            event_type,
            scheduled_event: 0,
            step: String::new(),
            at,
            detail: detail(data),
        })
    }

    /// Appends an event of the current state and returns its id.
    pub(super) fn push_step(
        &mut self,
        event_type: &'static str,
        scheduled_event: i64,
        at: Instant,
        data: &[(&str, &str)],
    ) -> i64 {
        let step = self.machine.states[self.state_index].name.clone();
        self.push_event(HistoryEvent { event_type, scheduled_event, step, at, detail: detail(data) })
    }

    /// Appends a failure of the current state.
    pub(super) fn push_failure(
        &mut self,
        event_type: &'static str,
        scheduled_event: i64,
        at: Instant,
        reason: &FailureReason,
    ) {
        let (error, cause) = reason.as_json();
        self.push_step(event_type, scheduled_event, at, &[("error", &error), ("cause", &cause)]);
    }

    /// The id of the last event. Ids count from 1.
    pub(super) fn last_event(&self) -> i64 {
        self.events.len() as i64
    }

    pub(super) fn scope<'a>(&'a self, output: Option<&'a str>, token: Option<&'a str>) -> Scope<'a> {
        Scope {
            input: &self.state_input,
            output,
            execution_name: &self.name,
            execution_input: &self.input,
            role_arn: &self.role_arn,
            state_name: &self.machine.states[self.state_index].name,
            token,
        }
    }

    pub(super) fn succeed(&mut self, output: String, at: Instant) -> Vec<Effect> {
        self.output = output;
        self.end(ExecutionStatus::Succeeded, FailureReason::default(), at)
    }

    pub(super) fn fail(&mut self, failure: Failure, at: Instant) -> Vec<Effect> {
        self.push_failure("StepFailed", 0, at, &failure.reason);
        self.end(failure.status, failure.reason, at)
    }

    /// Ends the execution and reports its end to the task that waits for it.
    pub(super) fn end(&mut self, status: ExecutionStatus, reason: FailureReason, at: Instant) -> Vec<Effect> {
        self.status = status;
        self.ended = Some(at);
        self.pending_stop = None;
        let outcome = match status {
            ExecutionStatus::Succeeded => {
                let output = self.output.clone();
                self.push("ExecutionSucceeded", at, &[("output", &output)]);
                ReportedOutcome::Succeeded { output: Some(output) }
            }
            ExecutionStatus::Starting
            | ExecutionStatus::Running
            | ExecutionStatus::Failed
            | ExecutionStatus::Stopped
            | ExecutionStatus::TimedOut => {
                let event_type = match status {
                    ExecutionStatus::Stopped => "ExecutionStopped",
                    ExecutionStatus::TimedOut => "ExecutionTimedOut",
                    _ => "ExecutionFailed",
                };
                let (error, cause) = reason.as_json();
                self.push(event_type, at, &[("error", &error), ("cause", &cause)]);
                let error = reason.error.unwrap_or_else(|| event_type.to_owned());
                ReportedOutcome::Failed { error: Some(error), cause: reason.cause }
            }
        };
        let callback = self.callback.take().into_iter();
        let close = |fingerprint| Effect::Close { fingerprint, end: TaskEnd::Reported(outcome.clone()) };
        callback.map(close).collect()
    }

    fn push_event(&mut self, event: HistoryEvent) -> i64 {
        self.events.push(event);
        self.last_event()
    }
}

impl ExecutionStatus {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Stopped => "Stopped",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::TimedOut => "TimedOut",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        let all =
            [Self::Starting, Self::Running, Self::Stopped, Self::Succeeded, Self::Failed, Self::TimedOut];
        all.into_iter().find(|status| status.name() == name)
    }
}

impl FailureReason {
    pub(super) fn new(error: &str, cause: impl Into<String>) -> Self {
        Self { error: Some(error.to_owned()), cause: Some(cause.into()) }
    }

    /// Error and cause as JSON text.
    fn as_json(&self) -> (String, String) {
        (json!(self.error).to_string(), json!(self.cause).to_string())
    }
}

impl Failure {
    pub(super) fn new(error: &str, cause: impl Into<String>) -> Self {
        Self { status: ExecutionStatus::Failed, reason: FailureReason::new(error, cause) }
    }

    pub(super) fn expression(cause: impl Into<String>) -> Self {
        Self::new("ExpressionFailed", cause)
    }
}

fn detail(data: &[(&str, &str)]) -> String {
    let members: Vec<_> = data.iter().map(|(name, json)| format!("\"{name}\":{json}")).collect();
    format!("{{{}}}", members.join(","))
}
