//! moto's SWF.

use std::collections::BTreeMap;

use serde_json::Value;
use taskback::examples::verify_card;
use taskback::testing::direct_event;
use taskback::{Services, Swf, Taskback};

use super::python::{self, Moto};
use crate::support::invoke;

const GOOD: &str = r#"{"cardNumber":"4111 1111 1111 1111"}"#;
const BAD: &str = r#"{"cardNumber":"4111 1111 1111 1112"}"#;
const VERIFIED: &str = r#"{"cardNumber":"**** **** **** 1111","valid":true}"#;

#[tokio::test]
async fn moto_records_polled_task_outcome() {
    let moto = Moto::start().await;
    let tasks = polled(&moto, 2).await;
    let taskback = || {
        let services = Services::default().with(Swf::local(&moto.url));
        Taskback::builder().step(verify_card).services(services).build().unwrap()
    };
    let first = taskback();
    for task in &tasks {
        let answer = invoke(&first, &direct_event(&task.to_string())).await.unwrap();
        assert_eq!(answer["receipt"], "recorded");
    }
    let history = ended(&moto, &tasks[0]).await;
    assert_outcomes(&history, &tasks);
    // Reported by a worker without this ledger.
    let answer = invoke(&taskback(), &direct_event(&tasks[0].to_string())).await.unwrap();
    assert_eq!((&answer["receipt"], &answer["closedBy"]), (&"closed".into(), &"unknown".into()));
    assert_eq!(ended(&moto, &tasks[0]).await, history);
}

/// Tasks polled from moto's SWF, with valid and invalid input in turn.
pub(super) async fn polled(moto: &Moto, count: usize) -> Vec<Value> {
    let count = count.to_string();
    let arguments = ["--endpoint", &moto.url, "--count", &count, "--input", GOOD, "--input", BAD];
    let tasks = python::run("swf_tasks.py", &arguments, "").await.remove(0);
    tasks.as_array().unwrap().clone()
}

/// The ends of the workflow's activities, by activity id.
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

pub(super) fn assert_outcomes(ended: &BTreeMap<String, (String, Value)>, tasks: &[Value]) {
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
