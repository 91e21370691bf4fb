mod wait;

use std::sync::Arc;

use aliyun_fnf::{Client, Error, ErrorKind, StartExecution};
use serde_json::value::RawValue;
use taskback_core::{INVALID_INPUT, RetryPolicy, Service};
use tokio::time::Instant;

use super::call::again;
use crate::{BoxFuture, Settings, Step, StepEnd, StepError, Task};

/// A step that hands its task to a flow of FnF.
///
/// An FnF token goes along as `CallbackFnFTaskToken`: the service itself reports when the flow's
/// execution ends. How it maps an execution that was stopped or timed out is not documented: give
/// the waiting task a timeout. For an SWF token the step waits, within the deadline and with
/// heartbeats, and its outcome is the execution's end; where the time is too short the message comes
/// back and finds the same execution again. A cancellation of the SWF task stops the execution.
///
/// The execution's name is always derived from the token (`tb-` and its fingerprint), so that the
/// token can go to nobody else's execution and a redelivery starts nothing twice.
#[derive(Clone)]
pub struct StartFlow(Arc<Parts>);

#[derive(Clone)]
struct Parts {
    client: Client,
    flow: String,
    prefix: String,
    qualifier: Option<String>,
    retry: RetryPolicy,
}

impl StartFlow {
    /// The flow to start, with the task's input, which must be a JSON object.
    pub fn new(client: Client, flow: impl Into<String>) -> Self {
        let (flow, prefix, qualifier) = (flow.into(), String::new(), None);
        Self(Arc::new(Parts { client, flow, prefix, qualifier, retry: RetryPolicy::default() }))
    }

    /// The same, over a client at the place that the settings name, with the credentials that they name.
    pub async fn from_settings(settings: &Settings, flow: impl Into<String>) -> Result<Self, crate::Error> {
        Ok(Self::new(crate::service::fnf_client(settings).await?, flow))
    }

    /// A start of the executions' names, cut so that they have 128 characters at most.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).prefix = prefix.into();
        self
    }

    /// The version or alias of the flow.
    pub fn qualifier(mut self, qualifier: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).qualifier = Some(qualifier.into());
        self
    }
}

impl Step for StartFlow {
    fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepEnd, StepError>> {
        let parts = Arc::clone(&self.0);
        Box::pin(async move {
            if !task.input.get().starts_with('{') {
                return Err(StepError::terminal(INVALID_INPUT, "the input of a flow must be a JSON object"));
            }
            let name = execution_name(&parts.prefix, &task.fingerprint().hex());
            match task.service() {
                Service::Fnf => parts.delegate(&task, &name).await,
                Service::Swf => parts.wait(&task, &name).await,
            }
        })
    }
}

impl Parts {
    async fn delegate(&self, task: &Task<Box<RawValue>>, name: &str) -> Result<StepEnd, StepError> {
        let start = self.start_of(task, name).callback_task_token(task.token().expose());
        self.start(task, start).await?;
        Ok(StepEnd::Delegated { to: format!("{}/{name}", self.flow) })
    }

    /// Starts the execution, unless it runs or has ended already: only this token makes its name.
    async fn start(&self, task: &Task<Box<RawValue>>, start: StartExecution) -> Result<(), StepError> {
        match again(&self.retry, end(task), || self.client.call(start.clone())).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    fn start_of(&self, task: &Task<Box<RawValue>>, name: &str) -> StartExecution {
        let start = StartExecution::new(&self.flow).execution_name(name).input(task.input.get());
        match &self.qualifier {
            Some(qualifier) => start.qualifier(qualifier),
            None => start,
        }
    }
}

/// When the last call must be over.
fn end(task: &Task<Box<RawValue>>) -> Instant {
    Instant::now() + task.remaining()
}

/// The prefix, as much of it as fits, then what is the token's own.
fn execution_name(prefix: &str, fingerprint: &str) -> String {
    let own = format!("tb-{fingerprint}");
    let most = 128 - own.len();
    let prefix: String = prefix.chars().take(most).collect();
    format!("{prefix}{own}")
}

/// An input that is too large is told; all else is tried again, for neither a policy nor a setting
/// nor a missing flow is a failure of the task.
fn failed(error: Error) -> StepError {
    match error.kind() {
        ErrorKind::TooLarge => StepError::terminal(INVALID_INPUT, error.to_string()),
        _ => StepError::retryable(error),
    }
}

#[cfg(test)]
mod tests {
    use super::execution_name;

    #[test]
    fn the_prefix_gives_way_to_what_is_the_tokens_own() {
        let hex = "a".repeat(64);
        assert_eq!(execution_name("", &hex), format!("tb-{hex}"));
        let name = execution_name(&"p".repeat(100), &hex);
        assert!(name.len() == 128 && name.ends_with(&format!("tb-{hex}")), "{name}");
    }
}
