use std::fmt;
#[cfg(feature = "sqs")]
use std::sync::Arc;
use std::time::Duration;

use aliyun_fnf::{
    Client, DescribeExecution, Error, ErrorKind, Event, Execution, StartExecution, StopExecution,
};
use taskback_core::RetryPolicy;
use tokio::time::Instant;

use super::call::{history_pages, redacted, with_retry, with_retry_held};
use super::request::{Action, Request};
use crate::aws::Clients;
use crate::defaults;
use crate::json_equality::is_same_json;
#[cfg(feature = "sqs")]
use crate::sqs::Queue;

/// Starts and stops flows for queue messages and direct invocations:
/// `{"action":"start","flowName","executionName"?,"input"?,"qualifier"?,"callbackFnFTaskToken"?,"firstMessage"?,"waitSeconds"?}`
/// and `{"action":"stop","flowName","executionName","error"?,"cause"?,"waitSeconds"?}`.
///
/// A start without a name gets one that is derived from its message (or from the token), so that a
/// redelivery never starts a second execution. A batch is answered partially and fails closed; a
/// direct invocation gets the execution as JSON: a [`ExecutionView`](super::ExecutionView).
///
/// ```
/// use taskback::fnf_flow::FlowControl;
///
/// # fn example(client: aliyun_fnf::Client) {
/// let control = FlowControl::new(client).concurrency(2);
/// # let _ = control; }
/// ```
///
/// As a function: [`run_flow_control`](crate::run_flow_control).
#[derive(Clone)]
pub struct FlowControl {
    client: Client,
    retry: RetryPolicy,
    pub(super) concurrency: usize,
    #[cfg(feature = "sqs")]
    pub(super) queue: Option<Arc<Queue>>,
}

/// Opaque: the client holds a source of credentials.
impl fmt::Debug for FlowControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlowControl").finish_non_exhaustive()
    }
}

/// The error of a request that was not performed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FlowError {
    /// The name belongs to an execution with another input. Use another name.
    NameTaken {
        /// The name.
        execution: String,
    },
    /// FnF refused, or did not answer in time; its kind says what to do.
    Fnf(Error),
}

impl FlowControl {
    /// The handler with this client of FnF; ten requests at once.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            retry: RetryPolicy::default(),
            concurrency: defaults::CONCURRENCY,
            #[cfg(feature = "sqs")]
            queue: None,
        }
    }

    /// Over a client at the configured place, with the configured credentials.
    pub async fn connect(clients: &Clients) -> Result<Self, crate::error::Error> {
        Ok(Self::new(crate::service::fnf::client(clients).await?))
    }

    /// Sets the number of requests at once in one invocation.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests;
        self
    }

    /// Delays the redelivery of messages of this queue by the reason of their nack.
    #[cfg(feature = "sqs")]
    pub fn queue(mut self, queue: Queue) -> Self {
        self.queue = Some(Arc::new(queue));
        self
    }

    /// Performs a request, with retries until the deadline. A repeated request changes nothing twice: it returns the
    /// execution that has the name.
    pub async fn perform(&self, request: &Request, deadline: Instant) -> Result<Execution, FlowError> {
        let execution = match &request.action {
            Action::Start { input, .. } => {
                self.start(request, input.as_deref().unwrap_or_default(), deadline).await?
            }
            Action::Stop { .. } => self.stop(request, deadline).await?,
        };
        // The wait ends before the deadline, so that there is time for the response.
        let remaining =
            deadline.saturating_duration_since(Instant::now()).saturating_sub(Duration::from_secs(1));
        let wait = request.wait.min(u32::try_from(remaining.as_secs()).unwrap_or(u32::MAX));
        if wait == 0 || execution.status.is_final() {
            return Ok(execution);
        }
        match self.describe(&request.flow, &request.execution, wait, deadline).await {
            Ok(later) => Ok(later),
            // The request is performed all the same; only the end of the execution was not seen.
            Err(error) => {
                let error = redacted(&error);
                tracing::warn!(
                    event = "flow.end_not_seen",
                    ?request,
                    error,
                    "failed to wait for the end of the execution"
                );
                Ok(execution)
            }
        }
    }

    /// Returns an execution at its end, or after that many seconds (0 to 60) where it goes on.
    pub async fn describe(
        &self,
        flow: &str,
        execution: &str,
        wait_seconds: u32,
        deadline: Instant,
    ) -> Result<Execution, Error> {
        let describe = DescribeExecution::new(flow, execution).wait_seconds(wait_seconds);
        let hold = Duration::from_secs(wait_seconds.into());
        with_retry_held(&self.retry, deadline, hold, || self.client.call(describe.clone())).await
    }

    /// Returns the events of an execution, from the first to the last: 100,000 at most. More, or pages that never end,
    /// are an error.
    pub async fn history(&self, flow: &str, execution: &str, deadline: Instant) -> Result<Vec<Event>, Error> {
        let mut events = Vec::new();
        let name = (flow, execution);
        history_pages(&self.client, &self.retry, name, deadline, |page| events.extend(page)).await?;
        Ok(events)
    }

    async fn start(&self, request: &Request, input: &str, deadline: Instant) -> Result<Execution, FlowError> {
        let started = with_retry(&self.retry, deadline, || self.client.call(start_of(request))).await;
        let same = |theirs: Option<&str>| is_same_json(theirs.unwrap_or_default(), input);
        let (execution, is_ours) = match started {
            // A fresh execution may be answered without its input.
            Ok(execution) => {
                let is_ours = execution.input.as_deref().is_none_or(|theirs| same(Some(theirs)));
                (execution, is_ours)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let execution = self.describe(&request.flow, &request.execution, 0, deadline).await?;
                let is_ours = same(execution.input.as_deref());
                (execution, is_ours)
            }
            Err(error) => return Err(error.into()),
        };
        // The service hands out the execution that has the name, whatever its input.
        if is_ours {
            Ok(execution)
        } else {
            Err(FlowError::NameTaken { execution: request.execution.clone() })
        }
    }

    async fn stop(&self, request: &Request, deadline: Instant) -> Result<Execution, FlowError> {
        match with_retry(&self.retry, deadline, || self.client.call(stop_of(request))).await {
            Ok(execution) => Ok(execution),
            // An execution that has ended need not be stopped.
            Err(error) if error.kind() == ErrorKind::Completed => {
                Ok(self.describe(&request.flow, &request.execution, 0, deadline).await?)
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

impl From<Error> for FlowError {
    fn from(error: Error) -> Self {
        Self::Fnf(error)
    }
}

impl fmt::Display for FlowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTaken { execution } => {
                write!(f, "executionName {execution} is taken by an execution with another input")
            }
            Self::Fnf(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FlowError {}
