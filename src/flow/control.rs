use std::time::Duration;

use aliyun_fnf::{Client, DescribeExecution, Error, ErrorKind, Execution, StartExecution, StopExecution};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use taskback_core::{RetryPolicy, unwrapped};
use tokio::time::Instant;

use super::call::{again, kind, same_json};
use super::request::Request;
use crate::batch::{self, Settle};
use crate::delivery::Delivery;
use crate::settlement::{Kept, Settlement};
use crate::trigger::{Event, InvocationError, Told};
use crate::{Budget, Handler};

/// Starts and stops flows for queue messages and direct invocations:
/// `{"action":"start","flowName","executionName"?,"input"?,"qualifier"?,"callbackFnFTaskToken"?,"waitSeconds"?}` and
/// `{"action":"stop","flowName","executionName","error"?,"cause"?,"waitSeconds"?}`.
///
/// A start without a name gets one that is derived from its message (or from the token), so that a
/// redelivery never starts a second execution. A batch is answered partially and fails closed; a
/// direct invocation gets the execution as JSON.
#[derive(Clone)]
pub struct FlowControl {
    client: Client,
    retry: RetryPolicy,
    concurrency: usize,
}

impl FlowControl {
    /// Over a client of FnF; ten requests at once.
    pub fn new(client: Client) -> Self {
        Self { client, retry: RetryPolicy::default(), concurrency: 10 }
    }

    /// Requests at once in one invocation.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests;
        self
    }
}

impl Handler for FlowControl {
    async fn handle(
        &self,
        event: &RawValue,
        remaining: Duration,
        invocation: &str,
    ) -> Result<Value, InvocationError> {
        let budget = Budget::lasting(remaining);
        let event = Event::of(event).inspect_err(|error| tracing::error!(%error, "event not read"))?;
        let requests = Requests { control: self, invocation, until: budget.reports_until() };
        let settlements = batch::settle(&requests, self.concurrency, event.deliveries(), &budget).await;
        event.answer(&settlements).inspect_err(|error| tracing::error!(%error, "invocation failed"))
    }
}

/// The requests of one invocation.
struct Requests<'a> {
    control: &'a FlowControl,
    invocation: &'a str,
    until: Instant,
}

impl Settle for Requests<'_> {
    type Done = Execution;

    async fn settle(&self, delivery: &Delivery<'_>) -> Settlement<Execution> {
        let Some(body) = &delivery.body else {
            return Settlement::Kept(Kept::Refused("the message has no body".into()));
        };
        // A queue's message keeps its id with every delivery, an asynchronous invocation its own.
        let queue = delivery.source.as_ref().map_or("", |source| &source.queue_arn);
        let message = match delivery.id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => Some(format!("{queue} {id}")),
            None if delivery.source.is_some() || self.invocation.is_empty() => None,
            None => Some(self.invocation.to_owned()),
        };
        let request = match Request::of(&unwrapped(&body.0), message.as_deref()) {
            Ok(request) => request,
            Err(invalid) => return Settlement::Kept(Kept::Refused(invalid.to_string())),
        };
        let done = match request {
            Request::Start { flow, execution, input, qualifier, token, wait } => {
                let mut start = StartExecution::new(&flow).execution_name(&execution);
                if let Some(input) = &input {
                    start = start.input(input);
                }
                if let Some(qualifier) = &qualifier {
                    start = start.qualifier(qualifier);
                }
                if let Some(token) = &token {
                    start = start.callback_task_token(token.expose());
                }
                self.start(start, &flow, &execution, input.as_deref().unwrap_or_default(), wait).await
            }
            Request::Stop { flow, execution, error, cause, wait } => {
                let mut stop = StopExecution::new(&flow, &execution);
                if let Some(error) = &error {
                    stop = stop.error(error);
                }
                if let Some(cause) = &cause {
                    stop = stop.cause(cause);
                }
                self.stop(stop, &flow, &execution, wait).await
            }
        };
        match done {
            Ok(execution) => {
                let (flow, name) = (execution.flow_name.as_deref(), execution.name.as_deref());
                tracing::info!(flow, name, status = execution.status.as_str(), "flow control");
                Settlement::Done(execution)
            }
            Err(why) => Settlement::Kept(why),
        }
    }
}

impl Requests<'_> {
    async fn start(
        &self,
        start: StartExecution,
        flow: &str,
        name: &str,
        input: &str,
        wait: u32,
    ) -> Result<Execution, Kept> {
        let client = &self.control.client;
        let execution = match again(&self.control.retry, self.until, || client.call(start.clone())).await {
            Ok(execution) => execution,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => self.describe(flow, name, 0).await?,
            Err(error) => return Err(kept(&error)),
        };
        // The service hands out the execution that has the name, whatever its input.
        if !execution.input.as_ref().is_none_or(|theirs| same_json(theirs, input)) {
            let text = format!("executionName {name} is taken by an execution with another input");
            return Err(Kept::Refused(text));
        }
        self.end_of(execution, flow, name, wait).await
    }

    async fn stop(&self, stop: StopExecution, flow: &str, name: &str, wait: u32) -> Result<Execution, Kept> {
        let client = &self.control.client;
        match again(&self.control.retry, self.until, || client.call(stop.clone())).await {
            Ok(execution) => self.end_of(execution, flow, name, wait).await,
            // What has ended need not be stopped.
            Err(error) if error.kind() == ErrorKind::Completed => self.describe(flow, name, 0).await,
            Err(error) => Err(kept(&error)),
        }
    }

    /// The execution as it is after `wait` seconds at most, or at its end.
    async fn end_of(
        &self,
        execution: Execution,
        flow: &str,
        name: &str,
        wait: u32,
    ) -> Result<Execution, Kept> {
        let left = self.until.saturating_duration_since(Instant::now()).as_secs();
        let wait = wait.min(u32::try_from(left).unwrap_or(u32::MAX));
        if wait == 0 || execution.status.is_final() {
            return Ok(execution);
        }
        self.describe(flow, name, wait).await
    }

    async fn describe(&self, flow: &str, name: &str, wait: u32) -> Result<Execution, Kept> {
        let client = &self.control.client;
        let describe = DescribeExecution::new(flow, name).wait_seconds(wait);
        again(&self.control.retry, self.until, || client.call(describe.clone()))
            .await
            .map_err(|error| kept(&error))
    }
}

/// What can never be done is refused by its text; all else waits for somebody or for better times.
fn kept(error: &Error) -> Kept {
    tracing::error!(%error, "flow control");
    match error.kind() {
        ErrorKind::InvalidRequest
        | ErrorKind::Refused
        | ErrorKind::TooLarge
        | ErrorKind::NotFound
        | ErrorKind::AlreadyExists => Kept::Refused(error.to_string()),
        _ => Kept::NotDone(kind(error)),
    }
}

impl Told for Execution {
    fn answer(&self) -> Value {
        let mut answer = Map::new();
        let texts = [
            ("flowName", self.flow_name.as_deref()),
            ("executionName", self.name.as_deref()),
            ("startedTime", self.started_time.as_deref()),
            ("stoppedTime", self.stopped_time.as_deref()),
        ];
        for (key, text) in texts {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                answer.insert(key.to_owned(), json!(text));
            }
        }
        answer.insert("status".to_owned(), json!(self.status.as_str()));
        for (key, text) in [("input", &self.input), ("output", &self.output)] {
            if let Some(text) = text.as_deref().filter(|text| !text.is_empty()) {
                answer.insert(key.to_owned(), serde_json::from_str(text).unwrap_or_else(|_| json!(text)));
            }
        }
        Value::Object(answer)
    }
}
