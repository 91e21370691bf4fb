use std::fmt;
#[cfg(feature = "sqs")]
use std::sync::Arc;
use std::time::Duration;

use aliyun_fnf::{
    Client, DescribeExecution, Error, ErrorKind, Event, Execution, StartExecution, StopExecution,
};
use taskback_core::RetryPolicy;
use tokio::time::Instant;

use super::call::{again, history, said, same_json};
use super::request::{Action, Request};
#[cfg(feature = "sqs")]
use crate::Queue;
use crate::Settings;

/// Starts and stops flows for queue messages and direct invocations:
/// `{"action":"start","flowName","executionName"?,"input"?,"qualifier"?,"callbackFnFTaskToken"?,"waitSeconds"?}` and
/// `{"action":"stop","flowName","executionName","error"?,"cause"?,"waitSeconds"?}`.
///
/// A start without a name gets one that is derived from its message (or from the token), so that a
/// redelivery never starts a second execution. A batch is answered partially and fails closed; a
/// direct invocation gets the execution as JSON: a [`View`](super::View).
#[derive(Clone)]
pub struct FlowControl {
    client: Client,
    retry: RetryPolicy,
    pub(super) concurrency: usize,
    #[cfg(feature = "sqs")]
    pub(super) queue: Option<Arc<Queue>>,
}

/// Why a request was not done.
#[derive(Clone, Debug)]
pub enum NotDone {
    /// The name belongs to an execution with another input. Use another name.
    NameTaken {
        /// The name.
        execution: String,
    },
    /// FnF refused, or gave no answer in time; its kind says what to do.
    Fnf(Error),
}

impl FlowControl {
    /// Over a client of FnF; ten requests at once.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            retry: RetryPolicy::default(),
            concurrency: 10,
            #[cfg(feature = "sqs")]
            queue: None,
        }
    }

    /// Over a client at the place that the settings name, with the credentials that they name.
    pub async fn from_settings(settings: &Settings) -> Result<Self, crate::Error> {
        Ok(Self::new(crate::service::fnf_client(settings).await?))
    }

    /// Requests at once in one invocation.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests;
        self
    }

    /// Gives kept messages back to their queue with a delay by their cause.
    #[cfg(feature = "sqs")]
    pub fn queue(mut self, queue: Queue) -> Self {
        self.queue = Some(Arc::new(queue));
        self
    }

    /// Does what a request asks for, trying again what may be tried again until the time is over.
    /// Doing it twice does nothing twice: it gives the execution that has the name.
    pub async fn perform(&self, request: &Request, until: Instant) -> Result<Execution, NotDone> {
        let execution = match &request.action {
            Action::Start { input, .. } => {
                self.start(request, input.as_deref().unwrap_or_default(), until).await?
            }
            Action::Stop { .. } => self.stop(request, until).await?,
        };
        // The wait ends before the time does, so that an execution that goes on is still answered.
        let left = until.saturating_duration_since(Instant::now()).saturating_sub(Duration::from_secs(1));
        let wait = request.wait.min(u32::try_from(left.as_secs()).unwrap_or(u32::MAX));
        if wait == 0 || execution.status.is_final() {
            return Ok(execution);
        }
        match self.describe(&request.flow, &request.execution, wait, until).await {
            Ok(later) => Ok(later),
            // What was asked for is done all the same; only its end was not seen.
            Err(error) => {
                let error = said(&error);
                tracing::warn!(error, "flow control: the execution's end was not waited for");
                Ok(execution)
            }
        }
    }

    /// An execution as it is at its end, or after that many seconds (0 to 60) where it goes on.
    pub async fn describe(
        &self,
        flow: &str,
        execution: &str,
        wait_seconds: u32,
        until: Instant,
    ) -> Result<Execution, Error> {
        let describe = DescribeExecution::new(flow, execution).wait_seconds(wait_seconds);
        again(&self.retry, until, || self.client.call(describe.clone())).await
    }

    /// What has happened in an execution, from the first event to the last.
    pub async fn history(&self, flow: &str, execution: &str, until: Instant) -> Result<Vec<Event>, Error> {
        history(&self.client, &self.retry, (flow, execution), until).await
    }

    async fn start(&self, request: &Request, input: &str, until: Instant) -> Result<Execution, NotDone> {
        let started = again(&self.retry, until, || self.client.call(start_of(request))).await;
        let same = |theirs: Option<&str>| same_json(theirs.unwrap_or_default(), input);
        let (execution, is_ours) = match started {
            // A fresh execution may be answered without its input.
            Ok(execution) => {
                let is_ours = execution.input.as_deref().is_none_or(|theirs| same(Some(theirs)));
                (execution, is_ours)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let execution = self.describe(&request.flow, &request.execution, 0, until).await?;
                let is_ours = same(execution.input.as_deref());
                (execution, is_ours)
            }
            Err(error) => return Err(error.into()),
        };
        // The service hands out the execution that has the name, whatever its input.
        if is_ours { Ok(execution) } else { Err(NotDone::NameTaken { execution: request.execution.clone() }) }
    }

    async fn stop(&self, request: &Request, until: Instant) -> Result<Execution, NotDone> {
        match again(&self.retry, until, || self.client.call(stop_of(request))).await {
            Ok(execution) => Ok(execution),
            // What has ended need not be stopped.
            Err(error) if error.kind() == ErrorKind::Completed => {
                Ok(self.describe(&request.flow, &request.execution, 0, until).await?)
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn start_of(request: &Request) -> StartExecution {
    let mut start = StartExecution::new(&request.flow).execution_name(&request.execution);
    if let Action::Start { input, qualifier, token } = &request.action {
        if let Some(input) = input {
            start = start.input(input);
        }
        if let Some(qualifier) = qualifier {
            start = start.qualifier(qualifier);
        }
        if let Some(token) = token {
            start = start.callback_task_token(token.expose());
        }
    }
    start
}

fn stop_of(request: &Request) -> StopExecution {
    let mut stop = StopExecution::new(&request.flow, &request.execution);
    if let Action::Stop { error, cause } = &request.action {
        if let Some(error) = error {
            stop = stop.error(error);
        }
        if let Some(cause) = cause {
            stop = stop.cause(cause);
        }
    }
    stop
}

impl From<Error> for NotDone {
    fn from(error: Error) -> Self {
        Self::Fnf(error)
    }
}

impl fmt::Display for NotDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTaken { execution } => {
                write!(f, "executionName {execution} is taken by an execution with another input")
            }
            Self::Fnf(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NotDone {}
