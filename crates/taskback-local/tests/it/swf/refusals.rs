//! Requests that are refused, and how.

use serde_json::{Value, json};
use taskback_core::{Service, TaskToken};
use taskback_local::OpenTask;

use super::{task, token};
use crate::aws::{AwsCall, json_call};
use crate::client::{open, send, server, swf};

#[tokio::test]
async fn member_limits_use_service_messages() {
    let server = server().await;
    for (operation, member, max) in [
        ("RespondActivityTaskCompleted", "result", 32_768),
        ("RespondActivityTaskFailed", "reason", 256),
        ("RespondActivityTaskFailed", "details", 32_768),
        ("RespondActivityTaskCanceled", "details", 32_768),
        ("RecordActivityTaskHeartbeat", "details", 2_048),
    ] {
        let opened = open(&server, task());
        let long = "é".repeat(max + 1);
        let refused = swf(&server, operation, json!({ "taskToken": token(&opened), member: long })).await;
        assert_eq!((refused.status, refused.code()), (400, "ValidationException".to_owned()));
        assert_eq!(
            refused.json()["message"],
            format!(
                "1 validation error detected: Value '{long}' at '{member}' failed to satisfy constraint: \
                 Member must have length less than or equal to {max}"
            )
        );
        let fits =
            swf(&server, operation, json!({ "taskToken": token(&opened), member: "é".repeat(max) })).await;
        assert_eq!(fits.status, 200, "{operation} {member}");
    }
}

#[tokio::test]
async fn garbled_token_is_not_echoed() {
    let server = server().await;
    let garbled =
        swf(&server, "RespondActivityTaskCompleted", json!({ "taskToken": "strange+token/==" })).await;
    assert_eq!((garbled.status, garbled.code()), (400, "ValidationException".to_owned()));
    assert_eq!(garbled.json()["message"], "Invalid token");
    for (body, expected) in [
        (json!({ "taskToken": "y".repeat(1025) }), "less than or equal to 1024"),
        (json!({ "taskToken": "" }), "greater than or equal to 1"),
        (json!({}), "Value null at 'taskToken'"),
    ] {
        let answer = swf(&server, "RespondActivityTaskCompleted", body).await;
        assert_eq!(answer.code(), "ValidationException");
        assert!(answer.body.contains(expected) && !answer.body.contains("yyyy"), "{}", answer.body);
    }
    let fnf_token = TaskToken::new(Service::Fnf, "the-same-text").unwrap();
    open(&server, OpenTask::new(Service::Fnf).token(fnf_token));
    let answer = swf(&server, "RespondActivityTaskCompleted", json!({ "taskToken": "the-same-text" })).await;
    assert_eq!(answer.json()["message"], "Invalid token");
}

#[tokio::test]
async fn malformed_requests_have_documented_codes() {
    let server = server().await;
    let target = "SimpleWorkflowService.RespondActivityTaskCompleted";
    let large = format!("{{\"taskToken\":\"{}\"}}", "x".repeat(1024 * 1024));
    let call = |target: &str, body: &str| AwsCall {
        body: body.to_owned(),
        ..json_call("swf", target, &Value::Null)
    };
    for (call, status, code) in [
        (call("SimpleWorkflowService.NoSuch", "{}"), 400, "UnknownOperationException"),
        (call("DynamoDB_20120810.PutItem", "{}"), 400, "UnknownOperationException"),
        (AwsCall { method: "GET", ..call(target, "") }, 400, "UnknownOperationException"),
        (call(target, "[]"), 400, "SerializationException"),
        (call(target, "{\"taskToken\":"), 400, "SerializationException"),
        (call(target, "{\"taskToken\":5}"), 400, "SerializationException"),
        (call(target, ""), 400, "ValidationException"),
        (AwsCall::post("swf", "/", "{}").header("x-amz-target", target), 400, "UnknownOperationException"),
        (call(target, &large), 413, "RequestEntityTooLargeException"),
        (AwsCall { secret: "another", ..call(target, "{}") }, 400, "InvalidSignatureException"),
        (AwsCall { service: "lambda", ..call(target, "{}") }, 400, "InvalidSignatureException"),
    ] {
        let answer = call.send(&server).await.unwrap();
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{:?}", call.headers);
        assert!(answer.header("x-amzn-requestid").is_some());
    }
}

#[tokio::test]
async fn unsigned_requests_have_documented_codes() {
    let server = server().await;
    let target = ("x-amz-target", "SimpleWorkflowService.RespondActivityTaskCompleted");
    let json_type = ("content-type", "application/x-amz-json-1.0");
    let bearer = ("authorization", "Bearer x");
    for (headers, code) in [
        (vec![target, json_type], "MissingAuthenticationTokenException"),
        (vec![target, json_type, bearer], "IncompleteSignatureException"),
    ] {
        let answer = send(&server, "POST /", &headers, "{}").await.unwrap();
        assert_eq!((answer.status, answer.code().as_str()), (400, code), "{headers:?}");
    }
}

#[tokio::test]
async fn history_error_names_the_missing_part() {
    let server = server().await;
    let opened = open(&server, task());
    let activity = opened.activity.unwrap();
    let ask = |domain: &str, workflow_id: &str| json!({ "domain": domain, "execution": { "workflowId": workflow_id, "runId": activity.run_id } });
    let message = async |body: Value| {
        let answer = swf(&server, "GetWorkflowExecutionHistory", body).await;
        assert_eq!(answer.status, 400);
        answer.json()["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(message(ask("nowhere", &activity.workflow_id)).await, "Unknown domain: nowhere");
    assert!(
        message(ask("taskback", "other"))
            .await
            .starts_with("Unknown execution: WorkflowExecution=[workflowId=other")
    );
    assert!(message(json!({ "domain": "taskback" })).await.contains("Value null at 'execution'"));
    let mut newest_first = ask("taskback", &activity.workflow_id);
    newest_first["reverseOrder"] = true.into();
    let answer = swf(&server, "GetWorkflowExecutionHistory", newest_first).await;
    assert_eq!(answer.json()["events"][0]["eventId"], 3);
}
