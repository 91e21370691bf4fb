//! Flows, with the project's own client, so that client and service are checked against each other.
//! Requests that this client would not send are built by hand.

mod callbacks;
mod flows;
mod limits;
mod runs;
mod starts;
mod states;
mod stops;

use aliyun_fnf::{
    Client, CreateFlow, Credentials, DescribeExecution, Error, Event, Execution, GetExecutionHistory,
    Operation, ReportTaskFailed, ReportTaskSucceeded, StartExecution,
};
use futures_util::TryStreamExt;
use serde_json::Value;
use taskback_local::{Message, Server};

/// A task that waits for its report, at most 60 s.
const VERIFY: &str = "
Type: StateMachine
Name: verify
SpecVersion: v1
StartAt: verify
States:
  - Type: Task
    Name: verify
    Action: MNS:SendMessage
    TaskMode: WaitForCustomCallback
    Timeout: 60
    Parameters:
      resourceArn: acs:mns:cn-hangzhou:1:/queues/tasks/messages
      message:
        taskToken.$: $Context.Current.TaskToken
        input.$: $Input
    End: true
";

/// A flow of one state that passes its input on.
const PASS: &str =
    "{Type: StateMachine, SpecVersion: v1, StartAt: p, States: [{Type: Pass, Name: p, End: true}]}";

/// A client with a limiter of its own, so that no test waits for another.
fn fnf(server: &Server) -> Client {
    let credentials = Credentials::new("taskback-local", "taskback-local-secret");
    Client::builder().endpoint(server.url()).credentials(credentials).build().unwrap()
}

async fn call<O: Operation>(server: &Server, request: O) -> Result<O::Response, Error> {
    fnf(server).call(request).await
}

async fn create(server: &Server, name: &str, definition: &str) {
    call(server, CreateFlow::new(name, definition, "for tests")).await.unwrap();
}

async fn start(server: &Server, flow: &str, name: &str, input: &str) -> Execution {
    call(server, StartExecution::new(flow).execution_name(name).input(input)).await.unwrap()
}

async fn describe(server: &Server, flow: &str, name: &str) -> Execution {
    call(server, DescribeExecution::new(flow, name)).await.unwrap()
}

async fn status(server: &Server, flow: &str, name: &str) -> String {
    describe(server, flow, name).await.status.as_str().to_owned()
}

async fn history(server: &Server, flow: &str, name: &str) -> Vec<Event> {
    pages(server, flow, name, 1000).await
}

async fn pages(server: &Server, flow: &str, name: &str, limit: u32) -> Vec<Event> {
    let events = fnf(server).call(GetExecutionHistory::new(flow, name).limit(limit)).stream();
    events.try_collect().await.unwrap()
}

fn kinds(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.event_type.as_deref().unwrap()).collect()
}

fn detail(event: &Event) -> Value {
    serde_json::from_str(event.detail.as_deref().unwrap()).unwrap()
}

/// The one message in the queue, as JSON.
fn message(server: &Server, queue: &str) -> Value {
    let [message]: [Message; 1] = server.state().receive(queue, 9).try_into().unwrap();
    serde_json::from_str(&message.body).unwrap()
}

fn token(server: &Server) -> String {
    message(server, "tasks")["taskToken"].as_str().unwrap().to_owned()
}

async fn succeed(server: &Server, token: &str, output: &str) -> Result<i64, Error> {
    call(server, ReportTaskSucceeded::new(token, output)).await.map(|reported| reported.event_id.unwrap())
}

async fn fail(server: &Server, token: &str, error: &str, cause: &str) -> Result<i64, Error> {
    let report = ReportTaskFailed::new(token, error).cause(cause);
    call(server, report).await.map(|reported| reported.event_id.unwrap())
}

/// Status and code of a refusal.
fn refused<T: std::fmt::Debug>(answer: Result<T, Error>) -> (u16, String) {
    let error = answer.unwrap_err();
    (error.status().unwrap(), error.code().unwrap().to_owned())
}
