//! The workflow's history says who closed a task, if the message names the task's ids.

mod durable;
mod sfn;

use std::time::Duration;

use serde_json::{Value, json};
use taskback::testing::direct_event;
use taskback::{ClosedTaskPolicy, Service};
use taskback::{Services, StepError, Swf, Task, Taskback};
use taskback_local::{Config, Fault, FaultKind, OpenTask, OpenedTask, Server};

use crate::support::invoke;
use crate::wire::server::{Reply, Server as Wire};

async fn done(_: Task<Value>) -> Result<&'static str, StepError> {
    Ok("done")
}

struct Setup {
    server: Server,
    opened: OpenedTask,
    taskback: Taskback,
}

async fn setup(ask: bool) -> Setup {
    let (server, opened) = open(Service::Swf).await;
    let taskback = taskback(&server, ask);
    Setup { server, opened, taskback }
}

/// The local services with an open task.
async fn open(service: Service) -> (Server, OpenedTask) {
    let server = Server::bind(Config::default()).await.unwrap();
    let opened = server.state().open(OpenTask::new(service)).unwrap();
    (server, opened)
}

/// A worker of its own ledger, which nacks what another party closed.
fn taskback(server: &Server, ask: bool) -> Taskback {
    let builder = Taskback::builder().step(done).services(Services::local(&server.url()).unwrap());
    builder.ask_history(ask).closed_tasks(ClosedTaskPolicy::Nack).build().unwrap()
}

impl Setup {
    fn event(&self) -> Box<serde_json::value::RawValue> {
        let activity = self.opened.activity.as_ref().unwrap();
        let envelope = json!({
            "service": "swf", "taskToken": self.opened.token.expose(), "input": {},
            "execution": {
                "domain": activity.domain, "workflowId": activity.workflow_id, "runId": activity.run_id,
                "activityId": activity.activity_id, "startedEventId": activity.started_event_id
            }
        });
        direct_event(&envelope.to_string())
    }
}

#[tokio::test]
async fn history_identifies_our_lost_report() {
    for (ask, closed_by) in [(false, "probably-us"), (true, "us")] {
        let setup = setup(ask).await;
        setup.server.state().inject(Fault::new("RespondActivityTaskCompleted", FaultKind::LostAck)).unwrap();
        let answer = invoke(&setup.taskback, &setup.event()).await.unwrap();
        assert_eq!((&answer["receipt"], &answer["closedBy"]), (&json!("closed"), &json!(closed_by)));
    }
}

#[tokio::test]
async fn history_identifies_foreign_report() {
    async fn other(_: Task<Value>) -> Result<(), StepError> {
        Err(StepError::terminal("Other", "reported by another party"))
    }
    let setup = setup(true).await;
    let services = Services::local(&setup.server.url()).unwrap();
    let other = Taskback::builder().step(other).services(services).build().unwrap();
    invoke(&other, &setup.event()).await.unwrap();

    let error = invoke(&setup.taskback, &setup.event()).await.unwrap_err();
    assert!(error.to_string().contains("closed, not by us"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn hung_history_call_is_retried() {
    let setup = setup(true).await;
    let state = setup.server.state();
    state.inject(Fault::new("RespondActivityTaskCompleted", FaultKind::LostAck)).unwrap();
    let hung = FaultKind::Delay(Duration::from_secs(600));
    state.inject(Fault::new("GetWorkflowExecutionHistory", hung)).unwrap();
    let answer = invoke(&setup.taskback, &setup.event()).await.unwrap();
    assert_eq!((&answer["receipt"], &answer["closedBy"]), (&json!("closed"), &json!("us")));
}

#[tokio::test]
async fn repeating_history_pages_prove_nothing() {
    let page = |token: &str| Reply::http(200, "", &json!({"events": [], "nextPageToken": token}).to_string());
    let closed = r#"{"__type":"UnknownResourceFault","message":"Unknown activity, scheduledEventId = 5"}"#;
    let script = [Reply::http(400, "x-amzn-RequestId: R\r\n", closed), page("a"), page("b"), page("a")];
    let server = Wire::start(script).await;
    let services = Services::default().with(Swf::local(&server.url));
    let taskback = Taskback::builder().step(done).services(services).ask_history(true).build().unwrap();
    let answer = invoke(&taskback, &setup(true).await.event()).await.unwrap();
    assert_eq!(answer["receipt"], "closed");
    assert_eq!(server.requests().len(), 4);
}
