//! moto's SWF.

use std::collections::BTreeMap;

use serde_json::Value;
use taskback::testing::direct_event;
use taskback::{Services, Swf, Taskback, verify_card};

use super::python::{self, Moto};
use crate::support::MINUTE;

const GOOD: &str = r#"{"cardNumber":"4111 1111 1111 1111"}"#;
const BAD: &str = r#"{"cardNumber":"4111 1111 1111 1112"}"#;
const VERIFIED: &str = r#"{"cardNumber":"**** **** **** 1111","valid":true}"#;

#[tokio::test]
async fn moto_records_what_the_step_of_a_polled_task_ended_with() {
    let moto = Moto::start().await;
    let tasks = polled(&moto, 2).await;
    let taskback = || {
        let services = Services::default().with(Swf::local(&moto.url));
        Taskback::builder().step(verify_card).services(services).build().unwrap()
    };
    let first = taskback();
    for task in &tasks {
        let answer = first.handle(&direct_event(&task.to_string()), MINUTE).await.unwrap();
        assert_eq!(answer["receipt"], "recorded");
    }
    let history = ended(&moto, &tasks[0]).await;
    assert_told(&history, &tasks);
    // By somebody without our memory.
    let answer = taskback().handle(&direct_event(&tasks[0].to_string()), MINUTE).await.unwrap();
    assert_eq!((&answer["receipt"], &answer["ours"]), (&"closed".into(), &"unknown".into()));
    assert_eq!(ended(&moto, &tasks[0]).await, history);
}

/// Tasks that moto's SWF gave out, with good and bad input in turns.
pub(super) async fn polled(moto: &Moto, count: usize) -> Vec<Value> {
    let count = count.to_string();
    let arguments = ["--endpoint", &moto.url, "--count", &count, "--input", GOOD, "--input", BAD];
    let tasks = python::run("swf_tasks.py", &arguments, "").await.remove(0);
    tasks.as_array().unwrap().clone()
}

/// How the activities of the tasks' workflow ended, by their ids.
pub(super) async fn ended(moto: &Moto, task: &Value) -> BTreeMap<String, (String, Value)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (domain, execution) = (text(&task["domain"]), &task["workflowExecution"]);
    let (workflow, run) = (text(&execution["workflowId"]), text(&execution["runId"]));
    let arguments =
        ["--endpoint", &moto.url, "--domain", &domain, "--workflow-id", &workflow, "--run-id", &run];
    let history = python::run("swf_history.py", &arguments, "").await.remove(0);
    let events = history.as_array().unwrap();
    let scheduled = |id: &Value| events.iter().find(|event| event["eventId"] == *id).unwrap();
    let ends =
        ["ActivityTaskCompleted", "ActivityTaskFailed", "ActivityTaskCanceled", "ActivityTaskTimedOut"];
    let ends = events.iter().filter(|event| ends.iter().any(|end| event["eventType"] == *end));
    ends.map(|event| {
        let attributes = &event["attributes"];
        let activity = &scheduled(&attributes["scheduledEventId"])["attributes"]["activityId"];
        (text(activity), (text(&event["eventType"]), attributes.clone()))
    })
    .collect()
}

pub(super) fn assert_told(ended: &BTreeMap<String, (String, Value)>, tasks: &[Value]) {
    assert_eq!(ended.len(), tasks.len(), "{ended:?}");
    for task in tasks {
        let (end, attributes) = &ended[task["activityId"].as_str().unwrap()];
        if task["input"] == GOOD {
            assert_eq!((&**end, &attributes["result"]), ("ActivityTaskCompleted", &VERIFIED.into()));
        } else {
            assert_eq!((&**end, &attributes["reason"]), ("ActivityTaskFailed", &"CardDeclined".into()));
            assert_eq!(attributes["details"], "the card number does not pass the Luhn check");
        }
    }
}
