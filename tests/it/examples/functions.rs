//! The examples that are functions.

use std::fs;
use std::path::Path;

use aliyun_fnf::{CreateFlow, DescribeExecution};
use serde_json::json;
use taskback::Service;
use taskback_local::{ReportedOutcome, TaskState};

use super::{Function, failed, outcome, succeeded};
use crate::flow::client;

#[tokio::test]
async fn errors_example_fails_or_retries() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples-errors");
    fs::create_dir_all(&folder).unwrap();
    let limit = folder.join("limit.txt");
    // Of an earlier run.
    fs::remove_file(&limit).ok();
    let mut function = Function::start_with("errors", |command| command.current_dir(&folder)).await;
    let token = function.open(Service::Swf);
    assert!(function.deliver(&token, &json!({"total": 99})).await, "redelivered without the file");
    assert_eq!(outcome(&function.services, &token), None);

    fs::write(&limit, "1000\n").unwrap();
    assert!(!function.deliver(&token, &json!({"total": 99})).await);
    assert_eq!(outcome(&function.services, &token), succeeded(&json!({"total": 99})));
    assert_eq!(function.outcome(json!({"total": 1001})).await, failed("TooExpensive", "more than 1000"));
    let Some(ReportedOutcome::Failed { error, .. }) = function.outcome(json!("no order")).await else {
        panic!("an input of another type fails the task")
    };
    assert_eq!(error.as_deref(), Some("InvalidInput"));
}

#[tokio::test]
async fn state_example_counts_payments() {
    let mut function = Function::start("state").await;
    for number in [1, 2] {
        let outcome = function.outcome(json!({"cents": 500})).await;
        assert_eq!(outcome, succeeded(&json!({"cents": 500, "number": number})));
    }
}

#[tokio::test]
async fn router_example_routes_by_kind() {
    let mut function = Function::start("router").await;
    let charged = function.outcome(json!({"kind": "charge", "cents": 500})).await;
    assert_eq!(charged, succeeded(&json!({"charged": 500})));
    let sent = function.outcome(json!({"kind": "send", "to": "Ada"})).await;
    assert_eq!(sent, succeeded(&json!({"sent": "Ada"})));
    let Some(ReportedOutcome::Failed { error, .. }) = function.outcome(json!({"kind": "other"})).await else {
        panic!("a task without a route fails")
    };
    assert_eq!(error.as_deref(), Some("UnknownType"));
}

/// Both are seen by heartbeats only: three within a second, by the timeout in the message.
#[tokio::test]
async fn progress_example_shows_rows_and_stops() {
    let mut function = Function::start("progress").await;
    assert_eq!(function.outcome(json!(["a", "b"])).await, succeeded(&json!(2)));

    let token = function.open(Service::Swf);
    let mut message = json!({"service": "swf", "taskToken": token.expose(), "heartbeatSeconds": 1});
    message["input"] = (0..1000).map(|row| row.to_string()).collect();
    let body = message.to_string();
    let (key, state) = (token.fingerprint().hex(), function.services.state().clone());
    let workflow = async {
        while state.task(&key).unwrap().progress.is_none() {
            tokio::task::yield_now().await;
        }
        state.cancel(&key).unwrap();
    };
    let (redelivered, ()) = tokio::join!(function.batch(&body), workflow);
    let task = state.task(&key).unwrap();
    assert_eq!((redelivered, task.state), (false, TaskState::Canceled));
    assert!(task.progress.unwrap().ends_with(" of 1000 rows"));
}

#[tokio::test]
async fn start_flow_example_hands_task_over() {
    let mut function = Function::start("start_flow").await;
    let state = json!({"Type": "Pass", "Name": "pass", "End": true});
    let definition =
        json!({"Type": "StateMachine", "SpecVersion": "v1", "StartAt": "pass", "States": [state]});
    let fnf = client(&function.services.url());
    fnf.call(CreateFlow::new("refund", definition.to_string(), "for tests")).await.unwrap();

    let token = function.open(Service::Fnf);
    let response = function.invoke(&token, &json!({"cents": 500})).await;
    assert_eq!(response["receipt"], "delegated", "{response}");
    let name = format!("orders-tb-{}", token.fingerprint().hex());
    let execution = fnf.call(DescribeExecution::new("refund", &name).wait_seconds(60)).await.unwrap();
    assert_eq!(execution.status.as_str(), "Succeeded");
    assert_eq!(outcome(&function.services, &token), succeeded(&json!({"cents": 500})));
}
