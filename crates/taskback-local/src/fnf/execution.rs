use std::sync::Arc;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::definition::Machine;
use super::expression::Scope;
use crate::clock::Clock;

/// One run of a flow.
pub(super) struct Execution {
    pub(super) flow_name: String,
    pub(super) name: String,
    pub(super) definition: Arc<str>,
    pub(super) machine: Arc<Machine>,
    pub(super) role_arn: String,
    /// JSON text, as every input and output.
    pub(super) input: String,
    pub(super) status: Status,
    pub(super) output: String,
    pub(super) started: Instant,
    pub(super) ended: Option<Instant>,
    /// The fingerprint of the task that is told how this execution ends.
    pub(super) callback: Option<String>,
    pub(super) events: Vec<Event>,
    /// The state that it is in, that state's input, and what it waits for.
    pub(super) place: usize,
    pub(super) state_input: String,
    pub(super) waits: Waits,
    /// A stop that takes its time.
    pub(super) stopping: Option<(Instant, Reason)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// Only in the answer to its start.
    Starting,
    Running,
    Stopped,
    Succeeded,
    Failed,
    TimedOut,
}

/// What a running execution waits for.
pub(super) enum Waits {
    Nothing,
    /// The end of a Wait state.
    Until(Instant),
    /// The report of a task, by its fingerprint; the event that scheduled it.
    For(String, i64),
}

/// Error and cause of a stop or a failure.
#[derive(Clone, Debug, Default)]
pub(super) struct Reason {
    pub(super) error: Option<String>,
    pub(super) cause: Option<String>,
}

/// One event of an execution's history. Its detail is JSON text and holds no token.
pub(super) struct Event {
    pub(super) kind: &'static str,
    /// The event that scheduled what happened, 0 where none did.
    pub(super) scheduled: i64,
    pub(super) step: String,
    pub(super) at: Instant,
    pub(super) detail: String,
}

impl Execution {
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

    /// Appends an event that belongs to the execution, and says its id. `data` are names with JSON text.
    pub(super) fn push(&mut self, kind: &'static str, at: Instant, data: &[(&str, &str)]) -> i64 {
        self.push_event(kind, String::new(), 0, at, data)
    }

    /// Appends an event of the state that the execution is in.
    pub(super) fn push_step(
        &mut self,
        kind: &'static str,
        scheduled: i64,
        at: Instant,
        data: &[(&str, &str)],
    ) -> i64 {
        let step = self.machine.states[self.place].name.clone();
        self.push_event(kind, step, scheduled, at, data)
    }

    fn push_event(
        &mut self,
        kind: &'static str,
        step: String,
        scheduled: i64,
        at: Instant,
        data: &[(&str, &str)],
    ) -> i64 {
        let data: Vec<_> = data.iter().map(|(name, json)| format!("\"{name}\":{json}")).collect();
        let detail = format!("{{{}}}", data.join(","));
        self.events.push(Event { kind, scheduled, step, at, detail });
        self.last_event()
    }

    /// Events count from 1.
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
            state_name: &self.machine.states[self.place].name,
            token,
        }
    }
}

impl Status {
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

    pub(super) fn named(name: &str) -> Option<Self> {
        let all =
            [Self::Starting, Self::Running, Self::Stopped, Self::Succeeded, Self::Failed, Self::TimedOut];
        all.into_iter().find(|status| status.name() == name)
    }
}

impl Reason {
    pub(super) fn new(error: &str, cause: impl Into<String>) -> Self {
        Self { error: Some(error.to_owned()), cause: Some(cause.into()) }
    }

    /// Error and cause as JSON text.
    pub(super) fn as_json(&self) -> (String, String) {
        (json!(self.error).to_string(), json!(self.cause).to_string())
    }
}
