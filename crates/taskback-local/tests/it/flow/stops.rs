use std::time::Duration;

use aliyun_fnf::StopExecution;
use serde_json::json;
use taskback_core::{Service, TaskToken};
use taskback_local::{Fault, FaultKind, TaskState};
use tokio::time::Instant;

use super::*;
use crate::client::{Rpc, server};

fn stop() -> StopExecution {
    StopExecution::new("verify", "run")
}

async fn running() -> Server {
    let server = server().await;
    create(&server, "verify", VERIFY).await;
    start(&server, "verify", "run", "{}").await;
    server
}

#[tokio::test]
async fn stop_ends_execution_and_task() {
    let server = running().await;
    let stopped = call(&server, stop().error("Changed").cause("the customer left")).await.unwrap();
    assert_eq!(stopped.status.as_str(), "Stopped");
    assert!(stopped.stopped_time.is_some());
    let events = history(&server, "verify", "run").await;
    assert_eq!(kinds(&events)[4..], ["TaskSubmitted", "ExecutionStopped"]);
    assert_eq!(detail(&events[5]), json!({ "error": "Changed", "cause": "the customer left" }));
    let [task] = server.state().tasks().try_into().unwrap();
    assert_eq!(task.state, TaskState::Closed);
    let late = succeed(&server, &token(&server), "{}").await;
    assert_eq!(refused(late), (400, "TaskAlreadyCompleted".to_owned()));
    assert_eq!(status(&server, "verify", "run").await, "Stopped");
    let again = call(&server, stop()).await;
    assert_eq!(refused(again), (400, "ExecutionAlreadyCompleted".to_owned()));
}

#[tokio::test]
async fn stop_without_execution_is_refused() {
    let server = running().await;
    let other = call(&server, StopExecution::new("verify", "other")).await;
    assert_eq!(refused(other), (404, "ExecutionNotExists".to_owned()));
    let none = call(&server, StopExecution::new("none", "run")).await;
    assert_eq!(refused(none), (404, "FlowNotExists".to_owned()));
    for (name, value) in [
        ("Error", "e".repeat(129)),
        ("Error", String::new()),
        ("Cause", "c".repeat(4097)),
        ("Cause", String::new()),
    ] {
        let names = [("FlowName", "verify"), ("ExecutionName", "run")];
        let answer = Rpc::new("StopExecution", &names).with(name, &value).code(&server).await;
        assert_eq!(answer, (400, "InvalidArgument".to_owned()), "{name}");
    }
    assert_eq!(status(&server, "verify", "run").await, "Running");
}

#[tokio::test]
async fn conflict_changes_nothing() {
    let server = running().await;
    let token = token(&server);
    for operation in ["StopExecution", "ReportTaskSucceeded", "ReportTaskFailed"] {
        server.state().inject(Fault::new(operation, FaultKind::Conflict)).unwrap();
    }
    let conflict = |code: &str| (409, code.to_owned());
    assert_eq!(refused(call(&server, stop()).await), conflict("ConcurrentUpdateError"));
    assert_eq!(refused(succeed(&server, &token, "{}").await), conflict("TaskInvalidState"));
    assert_eq!(refused(fail(&server, &token, "E", "c").await), conflict("TaskInvalidState"));
    assert_eq!(status(&server, "verify", "run").await, "Running");
    let fingerprint = TaskToken::new(Service::Fnf, token.as_str()).unwrap().fingerprint().hex();
    assert_eq!(server.state().task(&fingerprint).unwrap().reports.len(), 2);
    assert_eq!(call(&server, stop()).await.unwrap().status.as_str(), "Stopped");
}

#[tokio::test(start_paused = true)]
async fn stop_may_be_slow() {
    let server = running().await;
    let slow = Fault::new("StopExecution", FaultKind::Stopping(Duration::from_secs(9)));
    server.state().inject(slow).unwrap();
    let began = Instant::now();
    assert_eq!(call(&server, stop().error("E")).await.unwrap().status.as_str(), "Running");
    assert_eq!(refused(call(&server, stop()).await), (409, "ConcurrentUpdateError".to_owned()));
    let wait = aliyun_fnf::DescribeExecution::new("verify", "run").wait_seconds(60);
    assert_eq!(call(&server, wait).await.unwrap().status.as_str(), "Stopped");
    assert_eq!(began.elapsed().as_secs(), 9);
    assert_eq!(detail(history(&server, "verify", "run").await.last().unwrap())["error"], "E");
}

#[tokio::test(start_paused = true)]
async fn earlier_end_wins_over_slow_stop() {
    let server = running().await;
    let slow = Fault::new("StopExecution", FaultKind::Stopping(Duration::from_secs(9)));
    server.state().inject(slow).unwrap();
    call(&server, stop()).await.unwrap();
    succeed(&server, &token(&server), "{}").await.unwrap();
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(status(&server, "verify", "run").await, "Succeeded");
    assert_eq!(kinds(&history(&server, "verify", "run").await).last(), Some(&"ExecutionSucceeded"));
}

#[tokio::test]
async fn canceled_task_stops_its_execution() {
    let server = running().await;
    let [task] = server.state().tasks().try_into().unwrap();
    server.state().cancel(&task.fingerprint).unwrap();
    assert_eq!(status(&server, "verify", "run").await, "Stopped");
}
