use std::time::Duration;

use taskback_core::{Service, TaskToken};

use crate::durable::callback::Callback;
use crate::error::AdminError;
use crate::sfn::waiting_state::WaitingState;
use crate::swf::activity::Activity;

/// A task to open, in place of a workflow that would have issued its token.
#[derive(Clone, Debug)]
pub struct OpenTask {
    /// The service that waits for the report.
    pub service: Service,
    /// JSON text, by default `{}`; at most 65,536 bytes for FnF, 32,768 characters for SWF and
    /// 262,144 bytes for Step Functions. SWF gives an input that is a JSON string to its worker as bare text.
    pub input: String,
    /// The token; `None` makes a token like those of the service. A given token must be new unless
    /// `reopen` is set.
    pub token: Option<TaskToken>,
    /// The timeout of the task, at most 604,800 s; `None` means no limit. For SWF this is the
    /// start-to-close timeout; it starts again when the task is polled.
    pub timeout: Option<Duration>,
    /// Allows the token of a closed task, whose earlier reports are then discarded.
    pub reopen: bool,
    /// SWF, Step Functions and durable functions: the maximum time between two heartbeats, at most 604,800 s; `None`
    /// means no limit.
    pub heartbeat: Option<Duration>,
    /// SWF: the domain, by default `taskback`; at most 256 characters, as for every name below.
    pub domain: Option<String>,
    /// SWF: the list on which the task can be polled, by default `taskback`.
    pub task_list: Option<String>,
    /// SWF: the workflow, by default a new one. Tasks of the same workflow share its execution while
    /// that is open.
    pub workflow_id: Option<String>,
    /// SWF: by default the number of the event that schedules the task.
    pub activity_id: Option<String>,
    /// SWF: the name of the activity's type, by default `taskback`; its version is `1`.
    pub activity_type: Option<String>,
    /// Step Functions: the activity at which the task can be polled; by default its token is in a message.
    pub activity_arn: Option<String>,
    /// Step Functions and durable functions: the execution, by default a new one. Tasks of the same execution share its
    /// history.
    pub execution_arn: Option<String>,
    /// Step Functions: the name of the state, by default `taskback`.
    pub state_name: Option<String>,
}

/// The data of a task that was opened, as its worker needs it.
#[derive(Clone, Debug)]
pub struct OpenedTask {
    /// The secret to report with.
    pub token: TaskToken,
    /// The fingerprint of the token, 64 hex digits.
    pub fingerprint: String,
    /// SWF's names for the task.
    pub activity: Option<Activity>,
    /// Step Functions' names for the task.
    pub waiting_state: Option<WaitingState>,
    /// The names of a durable function's callback.
    pub callback: Option<Callback>,
}

impl OpenTask {
    /// A task without a timeout, with a new token.
    pub fn new(service: Service) -> Self {
        Self {
            service,
            input: "{}".to_owned(),
            token: None,
            timeout: None,
            reopen: false,
            heartbeat: None,
            domain: None,
            task_list: None,
            workflow_id: None,
            activity_id: None,
            activity_type: None,
            activity_arn: None,
            execution_arn: None,
            state_name: None,
        }
    }

    /// Sets the token.
    pub fn token(mut self, token: TaskToken) -> Self {
        self.token = Some(token);
        self
    }

    /// Sets the timeout.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the input, which is JSON text.
    pub fn input(mut self, json: impl Into<String>) -> Self {
        self.input = json.into();
        self
    }

    /// Checks the rules that hold for every service.
    pub(crate) fn check(&self) -> Result<(), AdminError> {
        if self.token.as_ref().is_some_and(|token| token.service() != self.service) {
            return Err(AdminError::invalid("taskToken: belongs to another service"));
        }
        if serde_json::from_str::<serde::de::IgnoredAny>(&self.input).is_err() {
            return Err(AdminError::invalid("input: must be JSON"));
        }
        for (field, time) in [("timeoutSeconds", self.timeout), ("heartbeatSeconds", self.heartbeat)] {
            if time.is_some_and(|time| time.is_zero() || time > MAX_TIME) {
                return Err(AdminError::invalid(format!(
                    "{field}: must be 1 to 604800; leave it out for no limit"
                )));
            }
        }
        Ok(())
    }

    /// The given fields that only some services have.
    pub(crate) fn special_fields(&self) -> impl Iterator<Item = &'static str> {
        let names = self.names().map(|(field, name)| (field, name.is_some()));
        let fields = names.into_iter().chain([
            ("heartbeatSeconds", self.heartbeat.is_some()),
            ("activityArn", self.activity_arn.is_some()),
            ("executionArn", self.execution_arn.is_some()),
            ("stateName", self.state_name.is_some()),
        ]);
        fields.filter(|(_, is_given)| *is_given).map(|(field, _)| field)
    }

    pub(crate) fn names(&self) -> [(&'static str, Option<&str>); 5] {
        [
            ("domain", self.domain.as_deref()),
            ("taskList", self.task_list.as_deref()),
            ("workflowId", self.workflow_id.as_deref()),
            ("activityId", self.activity_id.as_deref()),
            ("activityType", self.activity_type.as_deref()),
        ]
    }
}

const MAX_TIME: Duration = Duration::from_secs(604_800);
