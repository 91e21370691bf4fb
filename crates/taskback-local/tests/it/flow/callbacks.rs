use aliyun_fnf::{DescribeExecution, StopExecution};
use taskback_core::{Service, TaskToken};
use taskback_local::{OpenTask, ReportedOutcome};
use tokio::time::Instant;

use super::*;
use crate::client::{open, server};

const WAIT: &str = "{Type: StateMachine, SpecVersion: v1, StartAt: w, States: [
    {Type: Wait, Name: w, Seconds: 20, Next: f}, {Type: Fail, Name: f, Code: Sold, Detail: out}]}";

/// Starts a flow that reports its end to a new task.
async fn start_for(server: &Server, flow: &str, name: &str) -> String {
    let task = open(server, OpenTask::new(Service::Fnf));
    let start = StartExecution::new(flow).execution_name(name).callback_task_token(task.token.expose());
    call(server, start).await.unwrap();
    task.fingerprint
}

fn outcome(server: &Server, fingerprint: &str) -> Option<ReportedOutcome> {
    server.state().task(fingerprint).unwrap().outcome
}

fn failed(error: &str, cause: Option<&str>) -> Option<ReportedOutcome> {
    Some(ReportedOutcome::Failed { error: Some(error.to_owned()), cause: cause.map(str::to_owned) })
}

#[tokio::test(start_paused = true)]
async fn execution_end_is_reported_to_task() {
    let server = server().await;
    create(&server, "verify", VERIFY).await;
    create(&server, "wait", WAIT).await;

    let well = start_for(&server, "verify", "well").await;
    let token = token(&server);
    assert_eq!(outcome(&server, &well), None);
    succeed(&server, &token, r#"{"n":1}"#).await.unwrap();
    assert_eq!(
        outcome(&server, &well),
        Some(ReportedOutcome::Succeeded { output: Some(r#"{"n":1}"#.to_owned()) })
    );

    let stopped = start_for(&server, "verify", "stopped").await;
    call(&server, StopExecution::new("verify", "stopped").error("E").cause("c")).await.unwrap();
    assert_eq!(outcome(&server, &stopped), failed("E", Some("c")));
    let bare = start_for(&server, "verify", "bare").await;
    call(&server, StopExecution::new("verify", "bare")).await.unwrap();
    assert_eq!(outcome(&server, &bare), failed("ExecutionStopped", None));

    let late = start_for(&server, "verify", "late").await;
    let sold = start_for(&server, "wait", "sold").await;
    call(&server, DescribeExecution::new("verify", "late").wait_seconds(60)).await.unwrap();
    assert_eq!(outcome(&server, &sold), failed("Sold", Some("out")));
    assert_eq!(
        outcome(&server, &late),
        failed("FnF.TaskTimeout", Some("The task was not reported in time."))
    );
}

#[tokio::test]
async fn flow_continues_with_delegated_output() {
    let server = server().await;
    create(&server, "verify", VERIFY).await;
    create(&server, "child", &VERIFY.replace("/queues/tasks/", "/queues/child/")).await;
    start(&server, "verify", "parent", "{}").await;
    let start = StartExecution::new("child").execution_name("c").callback_task_token(token(&server));
    for _ in 0..2 {
        call(&server, start.clone()).await.unwrap();
    }
    let child = message(&server, "child");
    succeed(&server, child["taskToken"].as_str().unwrap(), r#"{"from":"child"}"#).await.unwrap();
    let parent = describe(&server, "verify", "parent").await;
    assert_eq!(
        (parent.status.as_str(), parent.output.as_deref()),
        ("Succeeded", Some(r#"{"from":"child"}"#))
    );
}

#[tokio::test(start_paused = true)]
async fn events_run_in_order_of_time() {
    let server = server().await;
    create(&server, "verify", &VERIFY.replace("Timeout: 60", "Timeout: 30")).await;
    create(&server, "wait", WAIT).await;
    start(&server, "verify", "parent", "{}").await;
    call(&server, StartExecution::new("wait").callback_task_token(token(&server))).await.unwrap();
    let began = Instant::now();
    tokio::time::advance(std::time::Duration::from_secs(300)).await;
    assert_eq!(status(&server, "verify", "parent").await, "Failed");
    let events = history(&server, "verify", "parent").await;
    assert_eq!(detail(events.last().unwrap())["error"], "Sold");
    assert!(began.elapsed().as_secs() >= 300);
}

#[tokio::test]
async fn closed_or_unknown_callback_is_ignored() {
    let server = server().await;
    create(&server, "pass", PASS).await;
    let task = open(&server, OpenTask::new(Service::Fnf));
    succeed(&server, task.token.expose(), r#"{"own":1}"#).await.unwrap();
    for (name, token) in
        [("gone", task.token.clone()), ("unknown", TaskToken::new(Service::Fnf, "12").unwrap())]
    {
        let start = StartExecution::new("pass").execution_name(name).callback_task_token(token.expose());
        call(&server, start).await.unwrap();
        assert_eq!(status(&server, "pass", name).await, "Succeeded");
    }
    let own = Some(ReportedOutcome::Succeeded { output: Some(r#"{"own":1}"#.to_owned()) });
    assert_eq!(outcome(&server, &task.fingerprint), own);
}
