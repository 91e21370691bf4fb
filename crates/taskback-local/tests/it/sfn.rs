use std::time::Duration;

use serde_json::{Value, json};
use taskback_core::Service;
use taskback_local::{OpenTask, OpenedTask, ReportedOutcome, Server, TaskState};
use tokio::time::{Instant, advance, sleep};

use crate::aws::json_call;
use crate::client::{Answer, open, server};

const CARDS: &str = "arn:aws:states:us-east-1:123456789012:activity:cards";

fn task() -> OpenTask {
    OpenTask::new(Service::Sfn)
}

fn activity_task() -> OpenTask {
    OpenTask { activity_arn: Some(CARDS.to_owned()), ..task() }
}

async fn sfn(server: &Server, operation: &str, body: Value) -> Answer {
    json_call("states", &format!("AWSStepFunctions.{operation}"), &body).send(server).await.unwrap()
}

async fn events(server: &Server, task: &OpenedTask) -> Vec<Value> {
    let arn = &task.waiting_state.as_ref().unwrap().execution_arn;
    let answer = sfn(server, "GetExecutionHistory", json!({ "executionArn": arn })).await;
    answer.json()["events"].as_array().unwrap().clone()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

async fn poll(server: &Server) -> Value {
    sfn(server, "GetActivityTask", json!({ "activityArn": CARDS, "workerName": "worker-1" })).await.json()
}

#[tokio::test]
async fn success_is_in_history_with_the_token() {
    let server = server().await;
    let opened = open(&server, task().input("{\"n\": 1}"));
    let token = opened.token.expose();
    let done = json!({ "taskToken": token, "output": "{\"n\": 1.0}" });
    let answer = sfn(&server, "SendTaskSuccess", done.clone()).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
    assert_eq!(answer.header("x-amzn-requestid").unwrap().len(), 36);

    let events = events(&server, &opened).await;
    assert_eq!(
        kinds(&events),
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitted",
            "TaskSucceeded",
            "TaskStateExited"
        ]
    );
    let scheduled = &events[2]["taskScheduledEventDetails"];
    assert_eq!(scheduled["resource"], "sendMessage.waitForTaskToken");
    assert!(scheduled["parameters"].as_str().unwrap().contains(token));
    assert_eq!(events[5]["taskSucceededEventDetails"]["output"], "{\"n\": 1.0}");
    assert_eq!(events[5]["previousEventId"], 5);

    // The same report, the opposite one and a heartbeat: one answer, and the first outcome stays.
    let token = json!({ "taskToken": token });
    let failed = json!({ "taskToken": opened.token.expose(), "error": "E" });
    for (operation, body) in
        [("SendTaskSuccess", done), ("SendTaskFailure", failed), ("SendTaskHeartbeat", token)]
    {
        let again = sfn(&server, operation, body).await;
        assert_eq!((again.status, again.code()), (400, "TaskTimedOut".to_owned()), "{operation}");
        assert_eq!(again.json()["__type"], "com.amazonaws.swf.service.v2.model#TaskTimedOut");
        assert_eq!(
            again.json()["message"],
            "Task Timed Out: 'Provided task does not exist anymore'",
            "{operation}"
        );
    }
    let view = server.state().task(&opened.fingerprint).unwrap();
    assert_eq!(view.outcome, Some(ReportedOutcome::Succeeded { output: Some("{\"n\": 1.0}".to_owned()) }));
}

#[tokio::test]
async fn refused_requests_change_nothing() {
    let server = server().await;
    let opened = open(&server, task());
    let token = opened.token.expose();
    let length = |field: &str, max: usize| {
        format!(
            "1 validation error detected: Value at '{field}' failed to satisfy constraint: Member must have length \
             less than or equal to {max}"
        )
    };
    let unknown = "Invalid Token: 'Invalid token'";
    for (operation, body, code, message) in [
        (
            "SendTaskSuccess",
            json!({ "taskToken": "made-up", "output": "1" }),
            "InvalidToken",
            unknown.to_owned(),
        ),
        ("SendTaskFailure", json!({ "taskToken": "made-up" }), "InvalidToken", unknown.to_owned()),
        ("SendTaskHeartbeat", json!({ "taskToken": "made-up" }), "InvalidToken", unknown.to_owned()),
        (
            "SendTaskSuccess",
            json!({ "taskToken": token, "output": format!("\"{}\"", "é".repeat(131_072)) }),
            "ValidationException",
            length("output", 262_144),
        ),
        (
            "SendTaskFailure",
            json!({ "taskToken": token, "error": "E".repeat(257) }),
            "ValidationException",
            length("error", 256),
        ),
        (
            "SendTaskFailure",
            json!({ "taskToken": token, "cause": "c".repeat(32_769) }),
            "ValidationException",
            length("cause", 32_768),
        ),
        (
            "SendTaskHeartbeat",
            json!({ "taskToken": "t".repeat(2049) }),
            "ValidationException",
            length("taskToken", 2048),
        ),
        (
            "SendTaskSuccess",
            json!({ "taskToken": token, "output": "plain words" }),
            "InvalidOutput",
            "Invalid Output: 'The output is not JSON'".to_owned(),
        ),
    ] {
        let answer = sfn(&server, operation, body).await;
        assert_eq!((answer.status, answer.code()), (400, code.to_owned()), "{operation}");
        assert_eq!(answer.json()["message"], message, "{operation}");
    }
    assert_eq!(server.state().task(&opened.fingerprint).unwrap().state, TaskState::Open);
    let longest = json!({ "taskToken": token, "output": format!("\"{}\"", "x".repeat(262_142)) });
    assert_eq!(sfn(&server, "SendTaskSuccess", longest).await.status, 200);
}

#[tokio::test]
async fn failure_needs_no_error() {
    let server = server().await;
    let opened = open(&server, task());
    let answer = sfn(&server, "SendTaskFailure", json!({ "taskToken": opened.token.expose() })).await;
    assert_eq!(answer.status, 200);
    let view = server.state().task(&opened.fingerprint).unwrap();
    assert_eq!(view.outcome, Some(ReportedOutcome::Failed { error: None, cause: None }));
}

/// A heartbeat restarts the heartbeat clock only, and is accepted where the state has none.
#[tokio::test(start_paused = true)]
async fn missing_heartbeats_time_out_as_states_timeout() {
    let server = server().await;
    let beating = open(&server, OpenTask { heartbeat: Some(Duration::from_secs(10)), ..task() });
    let silent = open(&server, OpenTask { heartbeat: Some(Duration::from_secs(10)), ..task() });
    let without = open(&server, task());
    for _ in 0..3 {
        advance(Duration::from_secs(9)).await;
        for task in [&beating, &without] {
            let beat = json!({ "taskToken": task.token.expose() });
            assert_eq!(sfn(&server, "SendTaskHeartbeat", beat).await.body, "{}");
        }
    }
    let state = |task: &OpenedTask| server.state().task(&task.fingerprint).unwrap().state;
    assert_eq!((state(&beating), state(&silent)), (TaskState::Open, TaskState::TimedOut));
    let last = events(&server, &silent).await.pop().unwrap();
    assert_eq!(
        (&last["type"], &last["taskTimedOutEventDetails"]["error"]),
        (&json!("TaskTimedOut"), &json!("States.Timeout"))
    );
    let late = json!({ "taskToken": silent.token.expose(), "output": "1" });
    assert_eq!(sfn(&server, "SendTaskSuccess", late).await.code(), "TaskTimedOut");
}

#[tokio::test]
async fn abort_closes_all_tasks_of_the_execution() {
    let server = server().await;
    let first = open(&server, task());
    let arn = first.waiting_state.clone().unwrap().execution_arn;
    let second = open(&server, OpenTask { execution_arn: Some(arn), ..activity_task() });
    let other = open(&server, task());
    server.state().cancel(&first.fingerprint).unwrap();
    let state = |task: &OpenedTask| server.state().task(&task.fingerprint).unwrap().state;
    assert_eq!(
        (state(&first), state(&second), state(&other)),
        (TaskState::Closed, TaskState::Closed, TaskState::Open)
    );
    assert_eq!(events(&server, &first).await.pop().unwrap()["type"], "ExecutionAborted");
}

#[tokio::test(start_paused = true)]
async fn activity_poll_is_held_for_a_task() {
    let server = server().await;
    let first = open(&server, activity_task().input("\"first\""));
    assert_eq!(
        poll(&server).await,
        json!({ "taskToken": first.token.expose(), "input": "\"first\"" }),
        "no execution is named"
    );
    let start = Instant::now();
    assert_eq!(poll(&server).await["taskToken"], Value::Null);
    assert_eq!(start.elapsed().as_secs(), 60);
    let state = server.state().clone();
    let opening = async {
        sleep(Duration::from_secs(20)).await;
        state.open(activity_task()).unwrap()
    };
    let (polled, opened) = tokio::join!(poll(&server), opening);
    assert_eq!(polled["taskToken"], opened.token.expose());
    let failed = json!({ "taskToken": opened.token.expose(), "error": "E", "cause": "c" });
    assert_eq!(sfn(&server, "SendTaskFailure", failed).await.status, 200);
    let events = events(&server, &opened).await;
    let expected =
        ["ExecutionStarted", "TaskStateEntered", "ActivityScheduled", "ActivityStarted", "ActivityFailed"];
    assert_eq!(kinds(&events), expected);
    assert_eq!(events[3]["activityStartedEventDetails"]["workerName"], "worker-1");
    assert!(!json!(events).to_string().contains(opened.token.expose()));
}

#[tokio::test]
async fn unknown_arns_have_their_own_codes() {
    let server = server().await;
    for (operation, body, code) in [
        ("GetActivityTask", json!({ "activityArn": CARDS }), "ActivityDoesNotExist"),
        ("GetActivityTask", json!({ "activityArn": "cards" }), "InvalidArn"),
        ("GetActivityTask", json!({}), "ValidationException"),
        (
            "GetExecutionHistory",
            json!({ "executionArn": "arn:aws:states:::execution:m:e" }),
            "ExecutionDoesNotExist",
        ),
        ("GetExecutionHistory", json!({ "executionArn": "e" }), "InvalidArn"),
        ("SendTaskNothing", json!({}), "UnknownOperationException"),
    ] {
        assert_eq!(sfn(&server, operation, body).await.code(), code, "{operation}");
    }
    let wrong_name = json_call("swf", "AWSStepFunctions.SendTaskHeartbeat", &json!({ "taskToken": "t" }));
    assert_eq!(wrong_name.send(&server).await.unwrap().code(), "InvalidSignatureException");
}

#[tokio::test]
async fn history_has_pages_in_both_orders() {
    let server = server().await;
    let opened = open(&server, task());
    let arn = &opened.waiting_state.as_ref().unwrap().execution_arn;
    for newest_first in [false, true] {
        let (mut ids, mut next) = (Vec::new(), Value::Null);
        loop {
            let asked = json!({
                "executionArn": arn, "maxResults": 2, "reverseOrder": newest_first, "nextToken": next,
            });
            let page = sfn(&server, "GetExecutionHistory", asked).await.json();
            ids.extend(page["events"].as_array().unwrap().iter().map(|event| event["id"].as_i64().unwrap()));
            next = page["nextToken"].clone();
            if next.is_null() {
                break;
            }
        }
        let mut expected = vec![1, 2, 3, 4, 5];
        if newest_first {
            expected.reverse();
        }
        assert_eq!(ids, expected);
    }
}

#[tokio::test]
async fn invalid_fields_of_a_task_are_named() {
    let server = server().await;
    let error = |task: OpenTask| server.state().open(task).unwrap_err().to_string();
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let arn = |arn: &str| Some(arn.to_owned());
    assert!(
        error(OpenTask { heartbeat: seconds(9), timeout: seconds(9), ..task() })
            .starts_with("heartbeatSeconds")
    );
    assert!(error(OpenTask { activity_arn: arn("cards"), ..task() }).starts_with("activityArn"));
    assert!(error(OpenTask { execution_arn: arn(CARDS), ..task() }).starts_with("executionArn"));
    assert!(error(OpenTask { state_name: Some(String::new()), ..task() }).starts_with("stateName"));
    assert!(error(OpenTask { workflow_id: arn("w"), ..task() }).starts_with("workflowId: only swf has it"));
    assert!(error(task().input(format!("\"{}\"", "x".repeat(262_143)))).starts_with("input"));
}
