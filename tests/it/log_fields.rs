//! The fields of log lines about a task, with which an operator finds its workflow and its message.

use std::time::Duration;

use serde_json::{Value, json};
use taskback::testing::{Fault, Message, ScriptedService, sqs_event};
use taskback::{Service, TaskToken};
use taskback::{Services, StepError, Task, Taskback};

use crate::secrets::Log;
use crate::support::MINUTE;

const TOKEN: &str = "0f3c-token-of-order-7";

/// Fails as the input says.
async fn step(task: Task<Value>) -> Result<Value, StepError> {
    match task.input.as_str() {
        Some("fail") => Err(StepError::terminal("NoStock", "sold out")),
        Some("retry") => Err(StepError::retryable("busy")),
        _ => Ok(task.input),
    }
}

/// The log of one message whose report meets that fault, as events by name.
async fn events(input: &str, fault: Option<Fault>) -> Vec<Value> {
    let log = Log::default();
    let writer = log.clone();
    let _guard = tracing::subscriber::set_default(taskback::log::subscriber("info", move || writer.clone()));
    let service = ScriptedService::new(Service::Swf);
    service.fail_with(fault);
    let services = Services::default().with(service);
    let taskback = Taskback::builder().step(step).services(services).build().unwrap();
    let body = json!({
        "service": "swf", "taskToken": TOKEN, "input": input,
        "execution": {"domain": "d", "workflowId": "order-7", "runId": "r", "activityId": "pay"},
    });
    let event = sqs_event(&[Message::new("m-1", body.to_string()).received(2)]);
    taskback.handle(&event, MINUTE + Duration::from_secs(1)).await.unwrap();
    log.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn line<'l>(lines: &'l [Value], event: &str) -> &'l Value {
    let found = lines.iter().find(|line| line["event"] == event);
    found.unwrap_or_else(|| panic!("{event} is not in {lines:#?}"))
}

fn assert_names_the_task(line: &Value) {
    let found = ["task", "service", "workflow", "message_id", "receive_count"].map(|field| &line[field]);
    let fingerprint = TaskToken::new(Service::Swf, TOKEN).unwrap().fingerprint().short();
    assert_eq!(found, [&json!(fingerprint), &json!("swf"), &json!("order-7/pay"), &json!("m-1"), &json!(2)]);
}

#[tokio::test]
async fn report_line_names_task_and_delivery() {
    let lines = events("fail", None).await;
    let accepted = line(&lines, "report.accepted");
    assert_names_the_task(accepted);
    let found = ["outcome", "error_name", "receipt", "attempts"].map(|field| &accepted[field]);
    assert_eq!(found, [&json!("failed"), &json!("NoStock"), &json!("recorded"), &json!(1)]);
    assert!(accepted["duration_ms"].is_u64(), "{accepted}");
}

#[tokio::test]
async fn failure_lines_name_task_and_delivery() {
    let lines = events("retry", None).await;
    assert_names_the_task(line(&lines, "step.failed"));
    assert_names_the_task(line(&lines, "message.nacked"));
    let lines = events("output", Some(Fault::Denied)).await;
    assert_names_the_task(line(&lines, "report.failed"));
    assert_names_the_task(line(&lines, "message.nacked"));
}
