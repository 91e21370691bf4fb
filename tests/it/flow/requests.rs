//! The options of a start, and the requests that are rejected before any call.

use taskback_local::{OpenTask, ReportedOutcome};

use super::*;
use crate::secrets::assert_hidden;
use taskback::{Service, TaskToken};

#[tokio::test]
async fn waiting_start_returns_the_result() {
    let flows = Flows::new().await;
    let mut body = start("run");
    body["waitSeconds"] = json!(30);
    let output = json!({"n": 2});
    let (answer, ()) = tokio::join!(flows.direct(body), flows.succeed("verify", &output));
    let answer = answer.unwrap();
    assert_eq!((&answer["status"], &answer["output"]), (&json!("Succeeded"), &json!({"n": 2})));
    assert!(answer["startedTime"].is_string() && answer["stoppedTime"].is_string(), "{answer}");
}

/// The execution outlasts `waitSeconds`, then the deadline.
#[tokio::test(start_paused = true)]
async fn unfinished_execution_is_returned_running() {
    let flows = Flows::new().await;
    let mut body = start("run");
    body["waitSeconds"] = json!(5);
    assert_eq!(flows.direct(body.clone()).await.unwrap()["status"], "Running");
    body["waitSeconds"] = json!(60);
    let event = direct_event(&body.to_string());
    let answer = handle(&flows.control(), &event, Duration::from_secs(10)).await.unwrap();
    assert_eq!(answer["status"], "Running");
}

#[tokio::test]
async fn failed_wait_keeps_the_start() {
    let flows = Flows::new().await;
    flows.fault("DescribeExecution", FaultKind::Refuse);
    let mut body = start("run");
    body["waitSeconds"] = json!(30);
    assert_eq!(flows.direct(body).await.unwrap()["status"], "Starting");
}

/// Two messages with one token start one execution, named after the token's fingerprint.
#[tokio::test]
async fn token_starts_one_named_execution() {
    let flows = Flows::new().await;
    let task = flows.server.state().open(OpenTask::new(Service::Fnf)).unwrap();
    let body = json!({
        "action": "start", "flowName": "verify", "callbackFnFTaskToken": task.token.expose(), "input": {}
    });
    let messages = ["one", "two"].map(|id| Message::new(id, body.to_string()));
    assert_eq!(flows.batch(&messages).await, [""; 0], "of two messages, as a workflow's retry may send");
    let executions = flows.executions("verify").await;
    let names: Vec<_> = executions.iter().filter_map(|execution| execution.name.clone()).collect();
    assert_eq!(names, [format!("tb-{}", task.fingerprint)]);
    flows.succeed("verify", &json!({"n": 1})).await;
    let outcome = flows.server.state().task(&task.fingerprint).unwrap().outcome;
    assert_eq!(outcome, Some(ReportedOutcome::Succeeded { output: Some(r#"{"n":1}"#.into()) }));
}

#[tokio::test]
async fn refusal_names_reason_without_token() {
    let flows = Flows::new().await;
    let token = TaskToken::new(Service::Fnf, "v1#a\"+secret/token==é").unwrap();
    let with = |body: Value| {
        let mut body = body;
        body["callbackFnFTaskToken"] = json!(token.expose());
        body
    };
    for (body, why) in [
        (with(json!({"action": "start", "flowName": "none"})), "404 FlowNotExists"),
        (with(start("run")), "executionName must be left out with callbackFnFTaskToken"),
        (with(stop("run")), "unknown field `callbackFnFTaskToken`"),
        (with(json!({"action": "start", "flowName": [token.expose()]})), "a field has the wrong type"),
        (with(json!({"action": "start", "flowName": token.expose()})), "flowName must have 1 to 128"),
        (json!({"action": "start", "flowName": "verify", "input": [1]}), "input must be a JSON object"),
    ] {
        let error = flows.direct(body).await.unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert_hidden(&format!("{error}\n{error:?}\n\n\n"), [token.expose()]);
    }
    assert_eq!(flows.executions("verify").await.len(), 0);
}
