//! Flows: the official FnF client sees the same as ours, and a flow ends an SWF task of moto.

use aliyun_fnf::{
    CreateFlow, DescribeExecution, Event, Execution, GetExecutionHistory, ListExecutions, StartExecution,
    StopExecution,
};
use serde_json::{Value, json};
use taskback::examples::verify_card;
use taskback::fnf_flow::StartFlow;
use taskback::testing::direct_event;
use taskback::{Services, Swf, Taskback};
use taskback_local::{Config, Server};

use super::python::{self, Moto};
use super::swf::{ended, polled};
use crate::flow::{Flows, client};
use crate::support::invoke;

const GOOD: &str = r#"{"cardNumber":"4111 1111 1111 1111"}"#;
const BAD: &str = r#"{"cardNumber":"4111 1111 1111 1112"}"#;
const VERIFIED: &str = r#"{"cardNumber":"**** **** **** 1111","valid":true}"#;

/// The example step's flow, with a second state that receives the first one's output.
fn definition() -> String {
    let message = json!({"service": "fnf", "taskToken.$": "$Context.Current.TaskToken", "input.$": "$Input"});
    json!({
        "Type": "StateMachine", "SpecVersion": "v1", "StartAt": "verify", "States": [
            {
                "Type": "Task", "Name": "verify", "Action": "MNS:SendMessage", "Timeout": 60,
                "TaskMode": "WaitForCustomCallback", "Next": "tell", "Parameters":
                    {"resourceArn": "acs:mns:cn-hangzhou:1:/queues/cards/messages", "message": message}
            },
            {"Type": "Pass", "Name": "tell", "End": true}
        ]
    })
    .to_string()
}

#[tokio::test]
async fn official_fnf_client_agrees_on_flows() {
    let declined = ["--error", "CardDeclined", "--cause", "the card number does not pass the Luhn check"];
    let stopped = ["--error", "Sold", "--cause", "no stock"];
    for (input, end) in [
        (GOOD, ["succeeded", "--output", VERIFIED].to_vec()),
        (BAD, [&["failed"][..], &declined].concat()),
        (GOOD, [&["stopped"][..], &stopped].concat()),
    ] {
        let official = Server::bind(Config::default()).await.unwrap();
        let definition = definition();
        let url = official.url();
        let arguments =
            ["--endpoint", &url, "--flow", "verify", "--definition", &definition, "--execution", "run"];
        let arguments = [&arguments[..], &["--input", input, "--queue", "cards"], &end].concat();
        let theirs = python::run("fnf_flow.py", &arguments, "").await.remove(0);
        let closed_by = driven(input, end[0]).await;
        assert_eq!(shown(&theirs), closed_by, "{}", end[0]);
        for field in ["again", "stopped"] {
            assert_eq!(theirs[field]["status"], 400, "{theirs}");
        }
        assert_eq!(theirs["again"]["code"], "ExecutionAlreadyExists");
        assert_eq!(theirs["stopped"]["code"], "ExecutionAlreadyCompleted");
    }
}

/// The same with our own client. The handler and its step report the task.
async fn driven(input: &str, end: &str) -> Value {
    let server = Server::bind(Config::default()).await.unwrap();
    let fnf = client(&server.url());
    fnf.call(CreateFlow::new("verify", definition(), "for tests")).await.unwrap();
    let start = StartExecution::new("verify").execution_name("run").input(input);
    let started = fnf.call(start).await.unwrap();
    let running = fnf.call(DescribeExecution::new("verify", "run")).await.unwrap();
    let message = server.state().receive("cards", 1).remove(0);
    if end == "stopped" {
        let stop = StopExecution::new("verify", "run").error("Sold").cause("no stock");
        fnf.call(stop).await.unwrap();
    } else {
        let builder = Taskback::builder().step(verify_card);
        let taskback = builder.services(Services::local(&server.url()).unwrap()).build().unwrap();
        let answer = invoke(&taskback, &direct_event(&message.body)).await.unwrap();
        assert_eq!((&answer["receipt"], &answer["outcome"]), (&json!("recorded"), &json!(end)));
    }
    let ended = fnf.call(DescribeExecution::new("verify", "run").wait_seconds(30)).await.unwrap();
    let listed = fnf.call(ListExecutions::new("verify")).await.unwrap().executions;
    let history = fnf.call(GetExecutionHistory::new("verify", "run").limit(1000)).await.unwrap().events;
    json!({
        "started": execution(&started),
        "running": execution(&running),
        "ended": execution(&ended),
        "listed": listed.iter().map(execution).collect::<Vec<_>>(),
        "history": history.iter().map(event).collect::<Vec<_>>(),
    })
}

fn execution(execution: &Execution) -> Value {
    json!({
        "FlowName": execution.flow_name, "Name": execution.name, "Status": execution.status.as_str(),
        "Input": execution.input.as_deref(), "Output": execution.output.as_deref(),
        "FlowDefinition": execution.flow_definition
    })
}

fn event(event: &Event) -> Value {
    json!({
        "Type": event.event_type, "EventId": event.event_id, "ScheduleEventId": event.schedule_event_id,
        "StepName": event.step_name, "EventDetail": event.detail.as_deref()
    })
}

/// The official client's view, without times and ids. Empty texts count as absent.
fn shown(theirs: &Value) -> Value {
    const EXECUTION: [&str; 6] = ["FlowName", "Name", "Status", "Input", "Output", "FlowDefinition"];
    const EVENT: [&str; 5] = ["Type", "EventId", "ScheduleEventId", "StepName", "EventDetail"];
    let only = |value: &Value, names: &[&str]| {
        let field = |name: &&str| {
            let field = value.get(name).filter(|field| **field != "").cloned().unwrap_or_default();
            ((*name).to_owned(), field)
        };
        Value::Object(names.iter().map(field).collect())
    };
    let all = |field: &str, names: &[&str]| {
        theirs[field].as_array().unwrap().iter().map(|one| only(one, names)).collect::<Vec<_>>()
    };
    json!({
        "started": only(&theirs["started"], &EXECUTION),
        "running": only(&theirs["running"], &EXECUTION),
        "ended": only(&theirs["ended"], &EXECUTION),
        "listed": all("listed", &EXECUTION),
        "history": all("history", &EVENT),
    })
}

#[tokio::test]
async fn delegated_swf_task_ends_with_its_flow() {
    let moto = Moto::start().await;
    let tasks = polled(&moto, 2).await;
    let flows = Flows::new().await;
    let services = Services::default().with(Swf::local(&moto.url));
    let step = StartFlow::new(client(&flows.server.url()), "verify");
    let taskback = Taskback::builder().step(step).services(services).build().unwrap();
    // The flow's own worker, which has no SWF client.
    let services = Services::local(&flows.server.url()).unwrap();
    let worker = Taskback::builder().step(verify_card).services(services).build().unwrap();
    for task in &tasks {
        let event = direct_event(&task.to_string());
        let work = async {
            let message = flows.received("verify").await;
            let task =
                json!({"service": "fnf", "taskToken": message["taskToken"], "input": message["input"]});
            invoke(&worker, &direct_event(&task.to_string())).await.unwrap()
        };
        let (answer, worked) = tokio::join!(invoke(&taskback, &event), work);
        assert_eq!(
            (&answer.unwrap()["receipt"], &worked["receipt"]),
            (&json!("recorded"), &json!("recorded"))
        );
    }
    let history = ended(&moto, &tasks[0]).await;
    let end = |task: &Value| &history[task["activityId"].as_str().unwrap()];
    let (kind, attributes) = end(&tasks[0]);
    assert_eq!((&**kind, &attributes["result"]), ("ActivityTaskCompleted", &VERIFIED.into()));
    let (kind, attributes) = end(&tasks[1]);
    assert_eq!((&**kind, &attributes["reason"]), ("ActivityTaskFailed", &"CardDeclined".into()));
    assert_eq!(attributes["details"], "the card number does not pass the Luhn check");
}
