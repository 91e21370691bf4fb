use std::sync::Arc;
use std::time::Duration;

use aliyun_fnf::{
    Client, DescribeExecution, Error, ErrorKind, Execution, ExecutionStatus, GetExecutionHistory,
    StartExecution, StopExecution,
};
use serde_json::value::RawValue;
use taskback_core::{INVALID_INPUT, Output, RetryPolicy, Service};
use tokio::time::Instant;

use super::call::again;
use crate::{BoxFuture, Cancellation, Step, StepEnd, StepError, Task};

/// A step that hands its task to a flow of FnF.
///
/// An FnF token goes along as `CallbackFnFTaskToken`: the service itself reports when the flow's
/// execution ends. How it maps an execution that was stopped or timed out is not documented: give
/// the waiting task a timeout. For an SWF token the step waits, within the deadline and with
/// heartbeats, and its outcome is the execution's end; where the time is too short the message comes
/// back and finds the same execution again.
///
/// The execution's name is always derived from the token (`tb-` and its fingerprint), so that the
/// token can go to nobody else's execution and a redelivery starts nothing twice.
#[derive(Clone)]
pub struct StartFlow(Arc<Parts>);

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

    /// A start of the executions' names, cut so that they have 128 characters at most.
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        let Parts { client, flow, qualifier, retry, .. } = &*self.0;
        let parts = Parts {
            client: client.clone(),
            flow: flow.clone(),
            prefix: prefix.into(),
            qualifier: qualifier.clone(),
            retry: *retry,
        };
        Self(Arc::new(parts))
    }
}

impl Step for StartFlow {
    fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepEnd, StepError>> {
        let parts = Arc::clone(&self.0);
        Box::pin(async move {
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
        let start = self.start(task, name).callback_task_token(task.token().expose());
        match again(&self.retry, end(task), || self.client.call(start.clone())).await {
            Ok(_) => {}
            // It ended already, and called back when it did: only this token makes this name.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
        Ok(StepEnd::Delegated { to: format!("{}/{name}", self.flow) })
    }

    async fn wait(&self, task: &Task<Box<RawValue>>, name: &str) -> Result<StepEnd, StepError> {
        let start = self.start(task, name);
        match again(&self.retry, end(task), || self.client.call(start.clone())).await {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
        tokio::select! {
            ended = self.ended(task, name) => self.tell(ended?, name, end(task)).await,
            reason = task.cancelled() => match reason {
                Cancellation::Requested => self.stop(name).await,
                _ => Err(StepError::retryable("the execution goes on; it is found again by its name")),
            },
        }
    }

    fn start(&self, task: &Task<Box<RawValue>>, name: &str) -> StartExecution {
        let start = StartExecution::new(&self.flow).execution_name(name).input(task.input.get());
        match &self.qualifier {
            Some(qualifier) => start.qualifier(qualifier),
            None => start,
        }
    }

    /// Waits for the execution's end, as long as the step may.
    async fn ended(&self, task: &Task<Box<RawValue>>, name: &str) -> Result<Execution, StepError> {
        loop {
            // A long poll is answered in time, so that the step ends by itself and not by the deadline.
            let left = task.remaining().saturating_sub(Duration::from_secs(1)).as_secs();
            let wait = u32::try_from(left).unwrap_or(u32::MAX).min(60);
            let describe = DescribeExecution::new(&self.flow, name).wait_seconds(wait);
            let seen =
                again(&self.retry, end(task), || self.client.call(describe.clone())).await.map_err(failed)?;
            if seen.status.is_final() {
                return Ok(seen);
            }
            if wait < 60 && task.remaining() < Duration::from_secs(2) {
                return Err(StepError::retryable("the execution is not over; it is found again by its name"));
            }
        }
    }

    async fn tell(&self, ended: Execution, name: &str, until: Instant) -> Result<StepEnd, StepError> {
        if ended.status == ExecutionStatus::Succeeded {
            let text = ended.output.as_deref().unwrap_or_default();
            let raw =
                RawValue::from_string(text.to_owned()).or_else(|_| serde_json::value::to_raw_value(text))?;
            return Ok(StepEnd::Succeeded(Output::from_raw(raw)));
        }
        let (error, cause) = self.why(name, until).await?;
        Err(StepError::terminal(
            error.unwrap_or_else(|| format!("Execution{}", ended.status.as_str())),
            cause,
        ))
    }

    /// Error and cause of an execution that did not succeed: only its history has them.
    async fn why(&self, name: &str, until: Instant) -> Result<(Option<String>, String), StepError> {
        let mut page = None;
        let mut last = None;
        loop {
            let mut history = GetExecutionHistory::new(&self.flow, name).limit(1000);
            if let Some(token) = page {
                history = history.next_token(token);
            }
            let answer =
                again(&self.retry, until, || self.client.call(history.clone())).await.map_err(failed)?;
            let ended = |kind: &str| kind.starts_with("Execution") && kind != "ExecutionStarted";
            last = answer.events.into_iter().rfind(|e| e.event_type.as_deref().is_some_and(ended)).or(last);
            match answer.next_token.filter(|token| !token.is_empty()) {
                Some(token) => page = Some(token),
                None => break,
            }
        }
        let detail =
            last.and_then(|event| event.detail).map(|detail| detail.into_string()).unwrap_or_default();
        let fields: serde_json::Value = serde_json::from_str(&detail).unwrap_or_default();
        let text =
            |upper: &str, lower: &str| fields.get(upper).or(fields.get(lower)).and_then(|v| v.as_str());
        let error = text("Error", "error").filter(|error| !error.is_empty()).map(str::to_owned);
        Ok((error, text("Cause", "cause").unwrap_or_default().to_owned()))
    }

    /// The workflow wants no more: neither does the execution go on.
    async fn stop(&self, name: &str) -> Result<StepEnd, StepError> {
        let stop = StopExecution::new(&self.flow, name).error("Canceled").cause("its SWF task was canceled");
        let until = Instant::now() + Duration::from_secs(4);
        match again(&self.retry, until, || self.client.call(stop.clone())).await {
            Ok(_) => Ok(StepEnd::Canceled { details: format!("execution {name} was stopped") }),
            // It ended in the same moment: its end is the truth.
            Err(error) if error.kind() == ErrorKind::Completed => {
                let describe = DescribeExecution::new(&self.flow, name);
                let ended = again(&self.retry, until, || self.client.call(describe.clone())).await;
                self.tell(ended.map_err(failed)?, name, until).await
            }
            Err(error) => Err(failed(error)),
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

/// What is wrong with the input is told; all else is tried again, for neither a policy nor a missing
/// flow is a failure of the task.
fn failed(error: Error) -> StepError {
    match error.kind() {
        ErrorKind::InvalidRequest | ErrorKind::TooLarge => {
            StepError::terminal(INVALID_INPUT, error.to_string())
        }
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
