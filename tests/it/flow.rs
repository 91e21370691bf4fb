//! Starting and stopping FnF flows: the handler and the step, against the local services.

mod batches;
mod delegation;
mod errors;
mod names;
mod patience;
mod process;
mod redelivery;
mod requests;
mod slow_start;
mod stops;
mod swf;

use std::time::Duration;

use aliyun_fnf::{
    Client, CreateFlow, Credentials, DescribeExecution, Event, Execution, GetExecutionHistory,
    ListExecutions, ReportTaskFailed, ReportTaskSucceeded, StartExecution,
};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use taskback::fnf_flow::FlowControl;
use taskback::testing::{Message, direct_event, sqs_event};
use taskback::{Handler, InvocationError};
use taskback_local::{Config, Fault, FaultKind, Server};

use crate::support::{MINUTE, value};

/// The local services with two flows: `pass` returns its input; `verify` sends a task to the queue of its
/// name and waits up to ten minutes for the report.
pub(crate) struct Flows {
    pub(crate) server: Server,
    pub(crate) fnf: Client,
}

impl Flows {
    pub(crate) async fn new() -> Self {
        let server = Server::bind(Config::default()).await.unwrap();
        let flows = Self { fnf: client(&server.url()), server };
        flows.create("pass", json!({"Type": "Pass", "Name": "pass", "End": true})).await;
        flows.waiting("verify", 600).await;
        flows
    }

    /// A flow with one state.
    pub(crate) async fn create(&self, name: &str, state: Value) {
        let start = &state["Name"];
        let definition =
            json!({"Type": "StateMachine", "SpecVersion": "v1", "StartAt": start, "States": [state]});
        self.fnf.call(CreateFlow::new(name, definition.to_string(), "for tests")).await.unwrap();
    }

    /// A flow that sends a task to the queue of its name and waits for the report.
    pub(crate) async fn waiting(&self, name: &str, timeout: u32) {
        let message = json!({"taskToken.$": "$Context.Current.TaskToken", "input.$": "$Input"});
        let queue = format!("acs:mns:cn-hangzhou:1:/queues/{name}/messages");
        let state = json!({
            "Type": "Task", "Name": name, "Action": "MNS:SendMessage", "TaskMode": "WaitForCustomCallback",
            "Timeout": timeout, "Parameters": {"resourceArn": queue, "message": message}, "End": true
        });
        self.create(name, state).await;
    }

    pub(crate) fn fault(&self, operation: &str, kind: FaultKind) {
        self.server.state().inject(Fault::new(operation, kind)).unwrap();
    }

    /// A client with its own limiter, so that no step of a test waits for another.
    fn control(&self) -> FlowControl {
        FlowControl::new(client(&self.server.url()))
    }

    async fn direct(&self, body: Value) -> Result<Value, InvocationError> {
        handle(&self.control(), &direct_event(&body.to_string()), MINUTE).await
    }

    /// The ids of the nacked messages of one batch.
    async fn batch(&self, messages: &[Message]) -> Vec<String> {
        kept(handle(&self.control(), &sqs_event(messages), MINUTE).await.unwrap())
    }

    pub(crate) async fn start(&self, flow: &str, name: &str) {
        self.fnf.call(StartExecution::new(flow).execution_name(name)).await.unwrap();
    }

    pub(crate) async fn describe(&self, flow: &str, name: &str) -> Execution {
        self.fnf.call(DescribeExecution::new(flow, name)).await.unwrap()
    }

    async fn status(&self, flow: &str, name: &str) -> String {
        self.describe(flow, name).await.status.as_str().to_owned()
    }

    async fn executions(&self, flow: &str) -> Vec<Execution> {
        self.fnf.call(ListExecutions::new(flow)).await.unwrap().executions
    }

    async fn history(&self, flow: &str, name: &str) -> Vec<Event> {
        self.fnf.call(GetExecutionHistory::new(flow, name).limit(1000)).await.unwrap().events
    }

    /// The next message that the flow sends. Waits for it.
    pub(crate) async fn received(&self, queue: &str) -> Value {
        let message = async {
            loop {
                if let Some(message) = self.server.state().receive(queue, 1).pop() {
                    return message;
                }
                tokio::task::yield_now().await;
            }
        };
        let message = tokio::time::timeout(MINUTE, message).await.expect("a message of the flow");
        serde_json::from_str(&message.body).unwrap()
    }

    pub(crate) async fn token(&self, queue: &str) -> String {
        self.received(queue).await["taskToken"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn succeed(&self, queue: &str, output: &Value) {
        let report = ReportTaskSucceeded::new(self.token(queue).await, output.to_string());
        self.fnf.call(report).await.unwrap();
    }

    async fn fail(&self, queue: &str, error: &str, cause: &str) {
        let report = ReportTaskFailed::new(self.token(queue).await, error).cause(cause);
        self.fnf.call(report).await.unwrap();
    }
}

pub(crate) fn client(url: &str) -> Client {
    let keys = Credentials::new("taskback-local", "taskback-local-secret");
    Client::builder().endpoint(url).credentials(keys).build().unwrap()
}

async fn handle(control: &FlowControl, event: &RawValue, time: Duration) -> Result<Value, InvocationError> {
    control.handle(event, time, "invocation-1").await.map(|response| value(&response))
}

fn kept(answer: Value) -> Vec<String> {
    let failures = answer["batchItemFailures"].as_array().unwrap().iter();
    failures.map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

fn start(name: &str) -> Value {
    json!({"action": "start", "flowName": "verify", "executionName": name})
}

fn stop(name: &str) -> Value {
    json!({"action": "stop", "flowName": "verify", "executionName": name})
}

fn kinds(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.event_type.as_deref().unwrap()).collect()
}
