mod refusals;

use std::time::Duration;

use serde_json::{Value, json};
use taskback_core::Service;
use taskback_local::{OpenTask, OpenedTask, ReportedOutcome, Server, TaskState};
use tokio::time::{Instant, advance};

use crate::client::{open, server, swf};

fn task() -> OpenTask {
    OpenTask::new(Service::Swf)
}

fn token(task: &OpenedTask) -> &str {
    task.token.expose()
}

async fn events(server: &Server, task: &OpenedTask) -> Vec<Value> {
    let activity = task.activity.clone().unwrap();
    let execution = json!({ "workflowId": activity.workflow_id, "runId": activity.run_id });
    let asked = json!({ "domain": activity.domain, "execution": execution });
    let answer = swf(server, "GetWorkflowExecutionHistory", asked).await;
    answer.json()["events"].as_array().unwrap().clone()
}

async fn last_event(server: &Server, task: &OpenedTask) -> Value {
    events(server, task).await.pop().unwrap()
}

async fn poll(server: &Server) -> Value {
    let list = json!({ "domain": "taskback", "taskList": { "name": "taskback" }, "identity": "worker-1" });
    swf(server, "PollForActivityTask", list).await.json()
}

#[tokio::test]
async fn completed_task_is_in_history() {
    let server = server().await;
    let opened = open(&server, task().input("{\"n\": 12345678901234567890123}"));
    let polled = poll(&server).await;
    assert_eq!(polled["taskToken"], token(&opened));
    assert!(token(&opened).len() > 200);
    assert_eq!(polled["input"], "{\"n\": 12345678901234567890123}");
    assert_eq!(polled["startedEventId"], 3);
    assert_eq!(polled["activityId"], "2");
    assert_eq!(polled["activityType"], json!({ "name": "taskback", "version": "1" }));
    let activity = opened.activity.clone().unwrap();
    assert_eq!(
        polled["workflowExecution"],
        json!({ "workflowId": activity.workflow_id, "runId": activity.run_id })
    );

    let done = json!({ "taskToken": token(&opened), "result": "customer credit card verified" });
    let answer = swf(&server, "RespondActivityTaskCompleted", done.clone()).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(answer.header("x-amzn-requestid").unwrap().len(), 36);

    let events = events(&server, &opened).await;
    let kinds: Vec<_> = events.iter().map(|event| event["eventType"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        ["WorkflowExecutionStarted", "ActivityTaskScheduled", "ActivityTaskStarted", "ActivityTaskCompleted"]
    );
    let ids: Vec<_> = events.iter().map(|event| event["eventId"].as_i64().unwrap()).collect();
    assert_eq!(ids, [1, 2, 3, 4]);
    assert!(events.iter().all(|event| event["eventTimestamp"].as_f64().unwrap() > 1.7e9));
    assert_eq!(
        events[2]["activityTaskStartedEventAttributes"],
        json!({ "scheduledEventId": 2, "identity": "worker-1" })
    );
    assert_eq!(
        events[3]["activityTaskCompletedEventAttributes"],
        json!({ "result": "customer credit card verified", "scheduledEventId": 2, "startedEventId": 3 })
    );

    let again = swf(&server, "RespondActivityTaskCompleted", done).await;
    assert_eq!((again.status, again.code()), (400, "UnknownResourceFault".to_owned()));
    assert_eq!(again.json()["__type"], "com.amazonaws.swf.base.model#UnknownResourceFault");
    assert_eq!(again.json()["message"], "Unknown activity, scheduledEventId = 2");
}

#[tokio::test]
async fn failures_and_cancellations_are_unchanged() {
    let server = server().await;
    let (failed, canceled, silent) = (open(&server, task()), open(&server, task()), open(&server, task()));
    let body = json!({ "taskToken": token(&failed), "reason": "Declined", "details": "ß" });
    assert_eq!(swf(&server, "RespondActivityTaskFailed", body).await.status, 200);
    let body = json!({ "taskToken": token(&canceled), "details": "on request" });
    server.state().cancel(&canceled.fingerprint).unwrap();
    assert_eq!(swf(&server, "RespondActivityTaskCanceled", body).await.status, 200);
    let body = json!({ "taskToken": token(&silent) });
    assert_eq!(swf(&server, "RespondActivityTaskFailed", body).await.status, 200);

    assert_eq!(
        last_event(&server, &failed).await["activityTaskFailedEventAttributes"],
        json!({ "reason": "Declined", "details": "ß", "scheduledEventId": 2, "startedEventId": 3 })
    );
    assert_eq!(
        last_event(&server, &canceled).await["activityTaskCanceledEventAttributes"],
        json!({ "details": "on request", "latestCancelRequestedEventId": 4, "scheduledEventId": 2, "startedEventId": 3 })
    );
    let seen = |task: &OpenedTask| server.state().task(&task.fingerprint).unwrap();
    assert_eq!(
        seen(&canceled).outcome,
        Some(ReportedOutcome::Canceled { details: Some("on request".to_owned()) })
    );
    assert_eq!(seen(&silent).outcome, Some(ReportedOutcome::Failed { error: None, cause: None }));
}

#[tokio::test]
async fn heartbeats_report_requested_cancellation() {
    let server = server().await;
    let opened = open(&server, task());
    let beat = json!({ "taskToken": token(&opened), "details": "half" });
    let answer = swf(&server, "RecordActivityTaskHeartbeat", beat.clone()).await;
    assert_eq!(answer.json(), json!({ "cancelRequested": false }));
    server.state().cancel(&opened.fingerprint).unwrap();
    server.state().cancel(&opened.fingerprint).unwrap();
    for _ in 0..2 {
        assert_eq!(
            swf(&server, "RecordActivityTaskHeartbeat", beat.clone()).await.json()["cancelRequested"],
            true
        );
    }
    let history = events(&server, &opened).await;
    assert_eq!(history.len(), 4, "one request, one event");
    assert_eq!(history[3]["activityTaskCancelRequestedEventAttributes"]["activityId"], "2");
    let done = json!({ "taskToken": token(&opened), "result": "all the same" });
    assert_eq!(swf(&server, "RespondActivityTaskCompleted", done).await.status, 200);
    let seen = server.state().task(&opened.fingerprint).unwrap();
    assert_eq!((seen.heartbeats, seen.progress.as_deref(), seen.reports.len()), (3, Some("half"), 1));
    assert_eq!(swf(&server, "RecordActivityTaskHeartbeat", beat).await.code(), "UnknownResourceFault");
}

#[tokio::test(start_paused = true)]
async fn both_timeouts_are_enforced() {
    let server = server().await;
    let seconds = Duration::from_secs;
    let mut slow = task().timeout(seconds(30));
    slow.heartbeat = Some(seconds(10));
    let (silent, beating) = (open(&server, slow.clone()), open(&server, slow));
    let beat = json!({ "taskToken": token(&beating), "details": "alive" });
    for _ in 0..3 {
        advance(seconds(9)).await;
        assert_eq!(swf(&server, "RecordActivityTaskHeartbeat", beat.clone()).await.status, 200);
    }
    assert_eq!(
        last_event(&server, &silent).await["activityTaskTimedOutEventAttributes"],
        json!({ "timeoutType": "HEARTBEAT", "scheduledEventId": 2, "startedEventId": 3 })
    );
    advance(seconds(3)).await;
    assert_eq!(
        last_event(&server, &beating).await["activityTaskTimedOutEventAttributes"],
        json!({ "timeoutType": "START_TO_CLOSE", "details": "alive", "scheduledEventId": 2, "startedEventId": 3 })
    );
    let late = swf(&server, "RespondActivityTaskCompleted", json!({ "taskToken": token(&silent) })).await;
    assert_eq!(late.json()["message"], "Unknown activity, scheduledEventId = 2");
    let history = events(&server, &silent).await;
    let at = |event: usize| history[event]["eventTimestamp"].as_f64().unwrap();
    assert!((at(3) - at(0) - 10.0).abs() < 0.01, "the event bears the time of the timeout");
}

#[tokio::test(start_paused = true)]
async fn new_task_ends_long_poll() {
    let server = server().await;
    let start = Instant::now();
    assert_eq!(poll(&server).await, json!({ "startedEventId": 0 }));
    assert_eq!(start.elapsed().as_secs(), 60);
    let state = server.state().clone();
    let opening = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        state.open(task()).unwrap()
    };
    let (polled, opened) = tokio::join!(poll(&server), opening);
    assert_eq!(polled["taskToken"], token(&opened));
    assert_eq!(start.elapsed().as_secs(), 80);
}

#[tokio::test(start_paused = true)]
async fn poll_restarts_timeout() {
    let server = server().await;
    let opened = open(&server, task().timeout(Duration::from_secs(100)));
    advance(Duration::from_secs(90)).await;
    assert_eq!(poll(&server).await["taskToken"], token(&opened));
    assert_eq!(poll(&server).await["taskToken"], Value::Null);
    assert_eq!(server.state().task(&opened.fingerprint).unwrap().state, TaskState::Open);
    advance(Duration::from_secs(40)).await;
    assert_eq!(server.state().task(&opened.fingerprint).unwrap().state, TaskState::TimedOut);
    let history = events(&server, &opened).await;
    let at = |event: usize| history[event]["eventTimestamp"].as_f64().unwrap();
    assert!((at(2) - at(1) - 90.0).abs() < 0.01, "it was started when it was polled");
}

#[tokio::test(start_paused = true)]
async fn reopened_task_is_polled_once() {
    let server = server().await;
    let first = open(&server, task());
    let done = json!({ "taskToken": token(&first) });
    assert_eq!(swf(&server, "RespondActivityTaskCompleted", done).await.status, 200);
    open(&server, OpenTask { reopen: true, ..task().token(first.token.clone()) });
    assert_eq!(poll(&server).await["taskToken"], token(&first));
    assert_eq!(poll(&server).await, json!({ "startedEventId": 0 }));
}

#[tokio::test]
async fn lists_and_domains_are_separate() {
    let server = server().await;
    let mut mine = task();
    (mine.domain, mine.task_list) = (Some("shop".to_owned()), Some("cards".to_owned()));
    (mine.workflow_id, mine.activity_type) = (Some("order-7".to_owned()), Some("verify-card".to_owned()));
    let (first, second) = (open(&server, mine.clone()), open(&server, mine));
    let ours = json!({ "domain": "shop", "taskList": { "name": "cards" } });
    let polled = swf(&server, "PollForActivityTask", ours.clone()).await.json();
    assert_eq!(polled["activityType"]["name"], "verify-card");
    assert_eq!(polled["taskToken"], token(&first));
    assert_eq!(swf(&server, "PollForActivityTask", ours).await.json()["taskToken"], token(&second));
    assert_eq!(first.activity.clone().unwrap().run_id, second.activity.clone().unwrap().run_id);
    assert_eq!(second.activity.unwrap().started_event_id, 5);
    let nowhere = json!({ "domain": "elsewhere", "taskList": { "name": "cards" } });
    let answer = swf(&server, "PollForActivityTask", nowhere).await;
    assert_eq!(answer.json()["message"], "Unknown domain: elsewhere");
}

#[tokio::test]
async fn terminated_workflow_refuses_reports() {
    let server = server().await;
    let opened = open(&server, task());
    let activity = opened.activity.clone().unwrap();
    let end = json!({ "domain": "taskback", "workflowId": activity.workflow_id, "reason": "enough" });
    assert_eq!(swf(&server, "TerminateWorkflowExecution", end.clone()).await.status, 200);
    let (workflow_id, run_id) = (activity.workflow_id, activity.run_id);
    let expected = format!("Unknown execution: WorkflowExecution=[workflowId={workflow_id}, runId={run_id}]");
    for operation in
        ["RespondActivityTaskCompleted", "RespondActivityTaskFailed", "RecordActivityTaskHeartbeat"]
    {
        let answer = swf(&server, operation, json!({ "taskToken": token(&opened) })).await;
        assert_eq!(answer.code(), "UnknownResourceFault");
        assert_eq!(answer.json()["message"], expected.as_str());
    }
    assert_eq!(server.state().task(&opened.fingerprint).unwrap().state, TaskState::Closed);
    assert_eq!(last_event(&server, &opened).await["eventType"], "WorkflowExecutionTerminated");
    assert_eq!(swf(&server, "TerminateWorkflowExecution", end).await.code(), "UnknownResourceFault");
}
