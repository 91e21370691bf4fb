use std::time::Duration;

use aliyun_fnf::{DescribeExecution, ListExecutions};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use futures_util::TryStreamExt;
use serde_json::json;
use taskback_local::TaskState;
use tokio::time::{Instant, sleep};

use super::*;
use crate::client::server;

#[tokio::test]
async fn flow_runs_from_start_to_end() {
    let server = server().await;
    create(&server, "verify", VERIFY).await;
    let started = start(&server, "verify", "order-7", r#"{"n":1.000000000000000000001}"#).await;
    assert_eq!((started.name.as_deref(), started.status.as_str()), (Some("order-7"), "Starting"));
    assert_eq!(status(&server, "verify", "order-7").await, "Running");

    let [message]: [Message; 1] = server.state().receive("tasks", 9).try_into().unwrap();
    assert!(message.body.contains(r#""input":{"n":1.000000000000000000001}"#), "a number was rounded");
    let body: Value = serde_json::from_str(&message.body).unwrap();
    let token = body["taskToken"].as_str().unwrap();
    let holds = BASE64_STANDARD.decode(token).unwrap();
    assert!(holds.starts_with(b"v1#verify#order-7#3#"));
    assert!(!format!("{message:?}").contains(token));

    assert_eq!(succeed(&server, token, r#"{"ok":true}"#).await.unwrap(), 6);
    assert_eq!(refused(succeed(&server, token, "{}").await), (400, "TaskAlreadyCompleted".to_owned()));
    let ended = describe(&server, "verify", "order-7").await;
    assert_eq!((ended.status.as_str(), ended.output.as_deref()), ("Succeeded", Some(r#"{"ok":true}"#)));
    assert_eq!(ended.input.as_deref(), Some(r#"{"n":1.000000000000000000001}"#));
    assert_eq!(ended.flow_definition.as_deref(), Some(VERIFY));
    assert!(ended.started_time <= ended.stopped_time && ended.stopped_time.is_some());

    let events = history(&server, "verify", "order-7").await;
    let expected = "ExecutionStarted StepEntered TaskScheduled TaskStarted TaskSubmitted TaskSucceeded StepExited \
        ExecutionSucceeded";
    assert_eq!(kinds(&events), expected.split_whitespace().collect::<Vec<_>>());
    let ids: Vec<_> = events.iter().map(|event| event.event_id.unwrap()).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6, 7, 8]);
    for limit in [1, 3, 4, 8] {
        assert_eq!(kinds(&pages(&server, "verify", "order-7", limit).await), kinds(&events));
    }
    let scheduled: Vec<_> = events.iter().map(|event| event.schedule_event_id.unwrap()).collect();
    assert_eq!(scheduled, [0, 0, 0, 3, 3, 3, 0, 0]);
    assert_eq!(events[5].step_name.as_deref(), Some("verify"));
    assert_eq!(detail(&events[7]), json!({ "output": { "ok": true } }));
    assert!(events.iter().all(|event| !event.detail.as_deref().unwrap().contains(token)));
    assert!(!crate::log::text().contains(token));
}

#[tokio::test]
async fn reported_failure_fails_the_execution() {
    let server = server().await;
    create(&server, "verify", VERIFY).await;
    start(&server, "verify", "run", "{}").await;
    assert_eq!(fail(&server, &token(&server), "Declined", "over \"limit\"").await.unwrap(), 6);
    let ended = describe(&server, "verify", "run").await;
    assert_eq!((ended.status.as_str(), ended.output), ("Failed", None));
    let events = history(&server, "verify", "run").await;
    assert_eq!(kinds(&events)[5..], ["TaskFailed", "StepFailed", "ExecutionFailed"]);
    for event in &events[5..] {
        assert_eq!(detail(event), json!({ "error": "Declined", "cause": "over \"limit\"" }));
    }
}

#[tokio::test(start_paused = true)]
async fn unreported_task_times_out_execution() {
    let server = server().await;
    create(&server, "verify", VERIFY).await;
    start(&server, "verify", "run", "{}").await;
    let began = Instant::now();
    let ended = call(&server, DescribeExecution::new("verify", "run").wait_seconds(60)).await.unwrap();
    assert_eq!(ended.status.as_str(), "TimedOut");
    assert_eq!(began.elapsed().as_secs(), 60);
    let [task] = server.state().tasks().try_into().unwrap();
    assert_eq!(task.state, TaskState::TimedOut);
    let late = succeed(&server, &token(&server), "{}").await;
    assert_eq!(refused(late), (400, "TaskAlreadyCompleted".to_owned()));
    let events = history(&server, "verify", "run").await;
    assert_eq!(kinds(&events)[5..], ["TaskTimedOut", "StepFailed", "ExecutionTimedOut"]);
    assert_eq!(detail(&events[7])["error"], "FnF.TaskTimeout");
}

#[tokio::test(start_paused = true)]
async fn waiting_describe_returns_at_end() {
    let server = server().await;
    create(&server, "verify", VERIFY).await;
    start(&server, "verify", "run", "{}").await;
    let began = Instant::now();
    let running = call(&server, DescribeExecution::new("verify", "run").wait_seconds(30)).await.unwrap();
    assert_eq!((running.status.as_str(), began.elapsed().as_secs()), ("Running", 30));
    let token = token(&server);
    let report = async {
        sleep(Duration::from_secs(7)).await;
        succeed(&server, &token, "{}").await.unwrap()
    };
    let (ended, _) =
        tokio::join!(call(&server, DescribeExecution::new("verify", "run").wait_seconds(60)), report);
    assert_eq!((ended.unwrap().status.as_str(), began.elapsed().as_secs()), ("Succeeded", 37));
}

#[tokio::test]
async fn executions_are_listed_by_page_and_status() {
    let server = server().await;
    create(&server, "verify", VERIFY).await;
    for name in ["c", "a", "b"] {
        start(&server, "verify", name, "{}").await;
    }
    let first = server.state().receive("tasks", 1).remove(0);
    let first: Value = serde_json::from_str(&first.body).unwrap();
    succeed(&server, first["taskToken"].as_str().unwrap(), "{}").await.unwrap();
    let listed = async |list: ListExecutions| {
        let all: Vec<Execution> = fnf(&server).call(list).stream().try_collect().await.unwrap();
        all.into_iter().map(|execution| execution.name.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(listed(ListExecutions::new("verify").limit(2)).await, ["c", "a", "b"]);
    assert_eq!(listed(ListExecutions::new("verify").status("Running".into()).limit(1)).await, ["a", "b"]);
    assert_eq!(listed(ListExecutions::new("verify").status("Succeeded".into())).await, ["c"]);
}
