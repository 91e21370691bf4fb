use std::time::Duration;

use taskback_core::{Service, TaskToken};

use crate::{Activity, Error};

/// A task to open: what a workflow would have done before it gave its token out.
#[derive(Clone, Debug)]
pub struct OpenTask {
    /// The service that shall wait.
    pub service: Service,
    /// JSON text, by default `{}`; at most 65,536 bytes for FnF and 32,768 characters for SWF. SWF
    /// gives an input that is a JSON string to its worker as bare text.
    pub input: String,
    /// The token, or none to have one made of the kind that the service makes. It must be new,
    /// unless `reopen` is set.
    pub token: Option<TaskToken>,
    /// How long the task waits, at most 604,800 s; none is for ever. For SWF this is the
    /// start-to-close timeout; it starts over when the task is polled.
    pub timeout: Option<Duration>,
    /// Allows a token whose task is closed; its former reports are forgotten.
    pub reopen: bool,
    /// SWF: the longest time between two heartbeats, at most 604,800 s; none is for ever.
    pub heartbeat: Option<Duration>,
    /// SWF: the domain, by default `taskback`; at most 256 characters, as for every name below.
    pub domain: Option<String>,
    /// SWF: the list on which the task can be polled, by default `taskback`.
    pub task_list: Option<String>,
    /// SWF: the workflow, by default one of the task's own. Tasks of the same workflow share its
    /// execution as long as that is open.
    pub workflow_id: Option<String>,
    /// SWF: by default the number of the event that schedules the task.
    pub activity_id: Option<String>,
    /// SWF: the name of the activity's type, by default `taskback`; its version is `1`.
    pub activity_type: Option<String>,
}

/// An open task, as it is told to a worker.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The secret to report with.
    pub token: TaskToken,
    /// All 64 hex digits of its fingerprint.
    pub fingerprint: String,
    /// SWF's names for the task.
    pub activity: Option<Activity>,
}

impl OpenTask {
    /// A task without a limit of time, with a token made for it.
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
        }
    }

    /// The same task under that token.
    pub fn token(mut self, token: TaskToken) -> Self {
        self.token = Some(token);
        self
    }

    /// The same task with that time to wait.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The same task with that input, which is JSON text.
    pub fn input(mut self, json: impl Into<String>) -> Self {
        self.input = json.into();
        self
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.token.as_ref().is_some_and(|token| token.service() != self.service) {
            return Err(Error::invalid("taskToken: belongs to another service"));
        }
        if serde_json::from_str::<serde::de::IgnoredAny>(&self.input).is_err() {
            return Err(Error::invalid("input: must be JSON"));
        }
        for (field, time) in [("timeoutSeconds", self.timeout), ("heartbeatSeconds", self.heartbeat)] {
            if time.is_some_and(|time| time.is_zero() || time > MOST_TIME) {
                return Err(Error::invalid(format!(
                    "{field}: must be 1 to 604800; leave it out for no limit"
                )));
            }
        }
        match self.service {
            Service::Fnf => self.check_fnf(),
            Service::Swf => self.check_swf(),
        }
    }

    fn check_fnf(&self) -> Result<(), Error> {
        if self.input.len() > MOST_FNF_INPUT {
            return Err(Error::invalid(format!("input: fnf takes at most {MOST_FNF_INPUT} bytes")));
        }
        match self.names().into_iter().find(|(_, name)| name.is_some()) {
            Some((field, _)) => Err(Error::invalid(format!("{field}: only swf has it"))),
            None if self.heartbeat.is_some() => Err(Error::invalid("heartbeatSeconds: only swf has it")),
            None => Ok(()),
        }
    }

    fn check_swf(&self) -> Result<(), Error> {
        if self.swf_input().encode_utf16().count() > MOST_SWF_INPUT {
            return Err(Error::invalid(format!("input: swf takes at most {MOST_SWF_INPUT} characters")));
        }
        let bad = |name: &str| name.is_empty() || name.encode_utf16().count() > 256;
        match self.names().into_iter().find(|(_, name)| name.is_some_and(bad)) {
            Some((field, _)) => Err(Error::invalid(format!("{field}: must have 1 to 256 characters"))),
            None => Ok(()),
        }
    }

    /// The input as SWF's worker gets it.
    pub(crate) fn swf_input(&self) -> String {
        serde_json::from_str(&self.input).unwrap_or_else(|_| self.input.clone())
    }

    fn names(&self) -> [(&'static str, Option<&str>); 5] {
        [
            ("domain", self.domain.as_deref()),
            ("taskList", self.task_list.as_deref()),
            ("workflowId", self.workflow_id.as_deref()),
            ("activityId", self.activity_id.as_deref()),
            ("activityType", self.activity_type.as_deref()),
        ]
    }
}

const MOST_TIME: Duration = Duration::from_secs(604_800);
const MOST_FNF_INPUT: usize = 65_536;
const MOST_SWF_INPUT: usize = 32_768;
