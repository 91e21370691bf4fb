use std::time::Duration;

use serde_json::{Value, json};
use taskback_core::Service;
use taskback_local::{Fault, FaultKind, OpenTask, OpenedTask, ReportedOutcome, Server, TaskState};
use tokio::time::advance;

use crate::aws::AwsCall;
use crate::client::{Answer, encode, open, server};

fn task() -> OpenTask {
    OpenTask::new(Service::Durable)
}

fn call(id: &str, operation: &str, body: &str) -> AwsCall {
    let path = format!("/2025-12-01/durable-execution-callbacks/{}/{operation}", encode(id));
    AwsCall::post("lambda", &path, body)
}

fn failure(id: &str, body: &Value) -> AwsCall {
    call(id, "fail", &body.to_string()).header("content-type", "application/json")
}

async fn send(server: &Server, call: &AwsCall) -> Answer {
    call.send(server).await.unwrap()
}

/// Status and code of an answer, as the service has them.
async fn refusal(server: &Server, call: &AwsCall) -> (u16, String) {
    let answer = send(server, call).await;
    assert!(answer.header("x-amzn-requestid").is_some(), "{}", answer.head);
    (answer.status, answer.header("x-amzn-errortype").unwrap_or_default().to_owned())
}

fn outcome(server: &Server, task: &OpenedTask) -> Option<ReportedOutcome> {
    server.state().task(&task.fingerprint).unwrap().outcome
}

const CLOSED: (u16, &str) = (400, "CallbackTimeoutException");
const INVALID: (u16, &str) = (400, "InvalidParameterValueException");

fn is(seen: (u16, String), expected: (u16, &str)) {
    assert_eq!((seen.0, seen.1.as_str()), expected);
}

#[tokio::test]
async fn result_is_recorded_as_it_was_sent() {
    let server = server().await;
    let opened = open(&server, task());
    let id = opened.token.expose();
    assert!(['+', '/'].iter().all(|char| id.contains(*char)), "{id}");
    let answer = send(&server, &call(id, "succeed", "{\"n\": 1.0}")).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(answer.header("x-amzn-requestid").unwrap().len(), 36);
    let output = Some("{\"n\": 1.0}".to_owned());
    assert_eq!(outcome(&server, &opened), Some(ReportedOutcome::Succeeded { output }));
    // The same, the opposite and a heartbeat have the one answer.
    for again in [call(id, "succeed", "{\"n\": 1.0}"), failure(id, &json!({})), call(id, "heartbeat", "")] {
        let answer = send(&server, &again).await;
        assert_eq!(
            answer.json(),
            json!({"Type": "User", "Message": "The callback is either timed out or already completed"})
        );
        is(refusal(&server, &again).await, CLOSED);
    }
    let empty = open(&server, task());
    assert_eq!(send(&server, &call(empty.token.expose(), "succeed", "")).await.status, 200);
    assert_eq!(outcome(&server, &empty), Some(ReportedOutcome::Succeeded { output: None }));
}

#[tokio::test]
async fn failure_fields_are_optional() {
    let server = server().await;
    let whole = json!({"ErrorType": "E", "ErrorMessage": "m", "ErrorData": "{}", "StackTrace": ["a"]});
    for (body, error, cause) in [
        (whole.to_string(), Some("E"), Some("m")),
        ("{}".to_owned(), None, None),
        (String::new(), None, None),
    ] {
        let opened = open(&server, task());
        let call = call(opened.token.expose(), "fail", &body).header("content-type", "application/json");
        assert_eq!(send(&server, &call).await.status, 200, "{body}");
        let (error, cause) = (error.map(str::to_owned), cause.map(str::to_owned));
        assert_eq!(outcome(&server, &opened), Some(ReportedOutcome::Failed { error, cause }));
    }
}

#[tokio::test]
async fn unknown_and_malformed_ids_are_invalid() {
    let server = server().await;
    open(&server, task());
    for id in ["dW5rbm93bg==", "not-base64", "===", &"x".repeat(1025)] {
        for operation in ["succeed", "fail", "heartbeat"] {
            is(refusal(&server, &call(id, operation, "")).await, INVALID);
        }
        let answer = send(&server, &call(id, "succeed", "1")).await;
        assert_eq!(answer.json()["Message"], "Invalid callback id");
    }
}

#[tokio::test]
async fn limits_are_the_documented_ones() {
    let server = server().await;
    let opened = open(&server, task());
    let id = opened.token.expose();
    is(refusal(&server, &call(id, "succeed", &"x".repeat(262_145))).await, INVALID);
    let large = json!({"ErrorType": "E", "ErrorMessage": "m".repeat(262_144)});
    is(refusal(&server, &failure(id, &large)).await, INVALID);
    let huge = call(id, "succeed", &"x".repeat(1024 * 1024 + 1));
    is(refusal(&server, &huge).await, (413, "RequestTooLargeException"));
    assert_eq!(send(&server, &call(id, "succeed", &"x".repeat(262_144))).await.status, 200);
}

#[tokio::test]
async fn malformed_requests_have_own_codes() {
    let server = server().await;
    let opened = open(&server, task());
    let id = opened.token.expose();
    let good = call(id, "succeed", "1");
    // One character is signed as it was sent, and not encoded once more.
    let signed_once = AwsCall { path: good.path.replace("%2B", "+"), ..good.clone() };
    for (call, expected) in [
        (failure(id, &json!([])), (400, "InvalidRequestContentException")),
        (failure(id, &json!({"ErrorType": 5})), (400, "InvalidRequestContentException")),
        (failure(id, &json!({"StackTrace": "a"})), (400, "InvalidRequestContentException")),
        (call(id, "fail", "{}"), (415, "UnsupportedMediaTypeException")),
        (call(id, "stop", ""), (404, "UnknownOperationException")),
        (AwsCall { method: "GET", ..good.clone() }, (404, "UnknownOperationException")),
        (AwsCall { secret: "another", ..good.clone() }, (403, "InvalidSignatureException")),
        (AwsCall { service: "swf", ..good.clone() }, (403, "InvalidSignatureException")),
    ] {
        is(refusal(&server, &call).await, expected);
    }
    assert_eq!(server.state().task(&opened.fingerprint).unwrap().state, TaskState::Open);
    // The service takes it too.
    assert_eq!(send(&server, &signed_once).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn timeouts_close_the_callback() {
    let server = server().await;
    let second = Duration::from_secs(1);
    let late = open(&server, task().timeout(10 * second));
    let beating = open(&server, OpenTask { heartbeat: Some(2 * second), ..task() });
    let plain = open(&server, task());
    for _ in 0..4 {
        advance(second).await;
        for opened in [&beating, &plain] {
            assert_eq!(send(&server, &call(opened.token.expose(), "heartbeat", "")).await.status, 200);
        }
    }
    assert_eq!(server.state().task(&beating.fingerprint).unwrap().heartbeats, 4);
    advance(3 * second).await;
    is(refusal(&server, &call(beating.token.expose(), "heartbeat", "")).await, CLOSED);
    assert_eq!(server.state().task(&beating.fingerprint).unwrap().state, TaskState::TimedOut);
    advance(4 * second).await;
    is(refusal(&server, &call(late.token.expose(), "succeed", "1")).await, CLOSED);
    assert_eq!(server.state().task(&plain.fingerprint).unwrap().state, TaskState::Open);
}

#[tokio::test]
async fn stopped_execution_closes_all_its_callbacks() {
    let server = server().await;
    let opened = open(&server, task());
    let sibling = open(&server, OpenTask { execution_arn: Some(arn(&opened)), ..task() });
    let other = open(&server, task());
    assert_eq!(server.state().cancel(&opened.fingerprint).unwrap().state, TaskState::Closed);
    for closed in [&opened, &sibling] {
        is(refusal(&server, &call(closed.token.expose(), "heartbeat", "")).await, CLOSED);
    }
    assert_eq!(server.state().task(&other.fingerprint).unwrap().state, TaskState::Open);
    let events = events(&server, &arn(&opened), "IncludeExecutionData=true").await;
    assert_eq!(events.last().unwrap()["EventType"], "ExecutionStopped");
}

fn arn(opened: &OpenedTask) -> String {
    opened.callback.clone().unwrap().durable_execution_arn
}

fn history(arn: &str, query: &str) -> AwsCall {
    let path = format!("/2025-12-01/durable-executions/{}/history?{query}", encode(arn));
    AwsCall { method: "GET", ..AwsCall::post("lambda", &path, "") }
}

async fn events(server: &Server, arn: &str, query: &str) -> Vec<Value> {
    send(server, &history(arn, query)).await.json()["Events"].as_array().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn history_shows_callbacks_and_their_ends() {
    let server = server().await;
    let first = open(&server, task().timeout(Duration::from_secs(60)));
    let open_sibling = |task: OpenTask| open(&server, OpenTask { execution_arn: Some(arn(&first)), ..task });
    let (failed, silent) =
        (open_sibling(task()), open_sibling(OpenTask { heartbeat: Some(Duration::from_secs(5)), ..task() }));
    send(&server, &call(first.token.expose(), "succeed", "{\"n\":1.0}")).await;
    send(&server, &failure(failed.token.expose(), &json!({"ErrorType": "E", "ErrorMessage": "m"}))).await;
    advance(Duration::from_secs(6)).await;

    let all = events(&server, &arn(&first), "IncludeExecutionData=true").await;
    let kinds: Vec<_> = all.iter().map(|event| event["EventType"].as_str().unwrap()).collect();
    let started = ["ExecutionStarted", "CallbackStarted", "CallbackStarted", "CallbackStarted"];
    assert_eq!(kinds[..4], started);
    assert_eq!(kinds[4..], ["CallbackSucceeded", "CallbackFailed", "CallbackTimedOut"]);
    for (index, task) in [&first, &failed, &silent].into_iter().enumerate() {
        assert_eq!(all[index + 1]["CallbackStartedDetails"]["CallbackId"], task.token.expose());
        assert_eq!(all[index + 1]["Id"], all[index + 4]["Id"]);
    }
    assert_eq!(all[1]["CallbackStartedDetails"]["Timeout"], 60);
    let succeeded = json!({"Result": {"Payload": "{\"n\":1.0}", "Truncated": false}});
    assert_eq!(all[4]["CallbackSucceededDetails"], succeeded);
    assert_eq!(
        all[5]["CallbackFailedDetails"]["Error"]["Payload"],
        json!({"ErrorType": "E", "ErrorMessage": "m"})
    );
    let timed_out = &all[6]["CallbackTimedOutDetails"]["Error"]["Payload"];
    assert_eq!(timed_out["ErrorType"], "Callback.Heartbeat");
    // Without data there is no payload.
    let bare = events(&server, &arn(&first), "MaxItems=1000").await;
    assert_eq!(bare[4]["CallbackSucceededDetails"], json!({"Result": {"Truncated": true}}));
}

#[tokio::test]
async fn history_has_pages_in_both_orders() {
    let server = server().await;
    let first = open(&server, task());
    for _ in 0..3 {
        open(&server, OpenTask { execution_arn: Some(arn(&first)), ..task() });
    }
    for newest_first in [false, true] {
        let (mut ids, mut marker) = (Vec::new(), String::new());
        loop {
            let query = format!("{marker}MaxItems=2&ReverseOrder={newest_first}");
            let page = send(&server, &history(&arn(&first), &query)).await.json();
            ids.extend(
                page["Events"].as_array().unwrap().iter().map(|event| event["EventId"].as_i64().unwrap()),
            );
            let Some(next) = page["NextMarker"].as_str() else { break };
            marker = format!("Marker={next}&");
        }
        let mut expected = vec![1, 2, 3, 4, 5];
        if newest_first {
            expected.reverse();
        }
        assert_eq!(ids, expected);
    }
}

#[tokio::test]
async fn unknown_executions_have_no_history() {
    let server = server().await;
    let known = arn(&open(&server, task()));
    is(refusal(&server, &history(&format!("{known}x"), "")).await, (404, "ResourceNotFoundException"));
    for (arn, query) in [("orders", ""), (&known, "MaxItems=1001"), (&known, "Marker=x")] {
        is(refusal(&server, &history(arn, query)).await, INVALID);
    }
    let post = AwsCall { method: "POST", ..history(&known, "") };
    is(refusal(&server, &post).await, (404, "UnknownOperationException"));
    let error =
        server.state().open(OpenTask { execution_arn: Some("orders".to_owned()), ..task() }).unwrap_err();
    assert!(error.to_string().starts_with("executionArn"), "{error}");
}

#[tokio::test]
async fn faults_have_the_service_codes() {
    let server = server().await;
    for (fault, expected) in [
        (FaultKind::Throttle, (429, "TooManyRequestsException")),
        (FaultKind::Error500, (500, "ServiceException")),
        (FaultKind::Refuse, (403, "AccessDeniedException")),
        (FaultKind::Skewed, (403, "InvalidSignatureException")),
    ] {
        let opened = open(&server, task());
        server.state().inject(Fault::new("SendDurableExecutionCallbackSuccess", fault)).unwrap();
        let report = call(opened.token.expose(), "succeed", "1");
        is(refusal(&server, &report).await, expected);
        assert_eq!(send(&server, &report).await.status, 200);
        assert_eq!(server.state().task(&opened.fingerprint).unwrap().reports.len(), 2);
    }
}

#[tokio::test]
async fn racing_reports_leave_one_outcome() {
    let server = server().await;
    let opened = open(&server, task());
    let reports: Vec<_> =
        (0..16).map(|n: u32| call(opened.token.expose(), "succeed", &n.to_string())).collect();
    let answers = futures_util::future::join_all(reports.iter().map(|report| send(&server, report))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
}
