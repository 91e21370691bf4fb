use serde_json::{Value, json};
use taskback_core::Service;
use taskback_local::{AdminErrorKind, OpenTask, TaskState};

use crate::client::{Rpc, local, open, send, server, swf};

#[tokio::test]
async fn task_is_listed_without_its_token() {
    let server = server().await;
    let order =
        json!({ "service": "fnf", "input": { "n": 1 }, "taskToken": "my+own/token==", "timeoutSeconds": 60 });
    let answer = local(&server, "POST /_local/tasks", order).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json()["taskToken"], "my+own/token==");
    let fingerprint = answer.json()["fingerprint"].as_str().unwrap().to_owned();
    let report = Rpc::new("ReportTaskSucceeded", &[("Output", "[1]")]).with("TaskToken", "my+own/token==");
    assert_eq!(report.send(&server).await.unwrap().status, 200);

    let listed = local(&server, "GET /_local/tasks", Value::Null).await;
    assert!(!listed.body.contains("my+own"), "{}", listed.body);
    assert_eq!(
        listed.json(),
        json!({ "tasks": [{
            "fingerprint": fingerprint, "service": "fnf", "state": "Succeeded", "outcome": { "output": "[1]" },
            "cancelRequested": false, "heartbeats": 0,
            "reports": [{ "operation": "ReportTaskSucceeded", "status": 200, "accepted": true }],
        }] })
    );
    let one = local(&server, &format!("GET /_local/tasks/{fingerprint}"), Value::Null).await;
    assert_eq!(one.json(), listed.json()["tasks"][0]);
}

#[tokio::test]
async fn opened_swf_task_matches_its_poll() {
    let server = server().await;
    let order =
        json!({ "service": "swf", "domain": "shop", "workflowId": "order-7", "heartbeatSeconds": 30 });
    let opened = local(&server, "POST /_local/tasks", order).await.json();
    assert_eq!(opened["domain"], "shop");
    assert_eq!(opened["workflowExecution"]["workflowId"], "order-7");
    let list = json!({ "domain": "shop", "taskList": { "name": "taskback" } });
    let polled = swf(&server, "PollForActivityTask", list).await.json();
    for member in ["taskToken", "activityId", "activityType", "startedEventId", "workflowExecution"] {
        assert_eq!(polled[member], opened[member], "{member}");
    }
}

#[tokio::test]
async fn closed_task_reopens_only_on_request() {
    let server = server().await;
    let order = json!({ "service": "swf", "taskToken": "again" });
    let reopen = json!({ "service": "swf", "taskToken": "again", "reopen": true });
    let path = "POST /_local/tasks";
    assert_eq!(local(&server, path, order.clone()).await.status, 201);
    for body in [&order, &reopen] {
        let conflict = local(&server, path, body.clone()).await;
        assert_eq!(conflict.status, 409);
        assert!(conflict.json()["error"].as_str().unwrap().starts_with("taskToken:"));
    }
    let done = json!({ "taskToken": "again" });
    assert_eq!(swf(&server, "RespondActivityTaskCompleted", done).await.status, 200);
    assert_eq!(local(&server, path, order).await.status, 409);
    assert_eq!(local(&server, path, reopen).await.status, 201);
    let [task] = server.state().tasks().try_into().unwrap();
    assert_eq!((task.state, task.reports.len()), (TaskState::Open, 0));
    let list = json!({ "domain": "taskback", "taskList": { "name": "taskback" } });
    assert_eq!(swf(&server, "PollForActivityTask", list).await.json()["taskToken"], "again");
}

#[tokio::test]
async fn errors_name_the_field() {
    let server = server().await;
    let long = "x".repeat(4097);
    for (path, body, expected) in [
        ("tasks", json!({}), "service: is required"),
        ("tasks", json!({ "service": "sqs" }), "service: must be fnf or swf or sfn or durable"),
        ("tasks", json!({ "service": 5 }), "service: must be"),
        ("tasks", json!({ "service": "fnf", "tasktoken": "t" }), "tasktoken: is not a field"),
        (
            "tasks",
            json!({ "service": "fnf", "taskToken": "" }),
            "taskToken: taskToken has 0 characters; fnf allows 1 to 4096",
        ),
        ("tasks", json!({ "service": "fnf", "taskToken": long }), "taskToken: taskToken has 4097 characters"),
        ("tasks", json!({ "service": "fnf", "timeoutSeconds": 0 }), "timeoutSeconds: must be 1 to 604800"),
        (
            "tasks",
            json!({ "service": "fnf", "timeoutSeconds": 604_801 }),
            "timeoutSeconds: must be 1 to 604800",
        ),
        (
            "tasks",
            json!({ "service": "fnf", "timeoutSeconds": u64::MAX }),
            "timeoutSeconds: must be 1 to 604800",
        ),
        (
            "tasks",
            json!({ "service": "fnf", "timeoutSeconds": -1 }),
            "timeoutSeconds: must be a whole number",
        ),
        (
            "tasks",
            json!({ "service": "fnf", "heartbeatSeconds": 5 }),
            "heartbeatSeconds: only swf and sfn and durable have it",
        ),
        ("tasks", json!({ "service": "fnf", "domain": "d" }), "domain: only swf has it"),
        ("tasks", json!({ "service": "swf", "domain": "" }), "domain: must have 1 to 256 characters"),
        ("tasks", json!({ "service": "swf", "input": "x".repeat(32_769) }), "input: swf takes at most 32768"),
        ("tasks", json!({ "service": "fnf", "input": "x".repeat(65_536) }), "input: fnf takes at most 65536"),
        ("tasks", json!([]), "body: must be a JSON object"),
        ("tasks", Value::Null, "body: must be a JSON object"),
        ("faults", json!({ "operation": "*", "kind": "meteor" }), "kind: must be throttle"),
        ("faults", json!({ "operation": "*", "kind": "delay:600001" }), "kind: delay:MILLISECONDS"),
        ("faults", json!({ "operation": "Nope", "kind": "cut" }), "operation: no such operation"),
        ("faults", json!({ "operation": "*", "kind": "cut", "times": 0 }), "times: must be 1"),
        (
            "faults",
            json!({ "operation": "*", "kind": "cut", "fingerprint": "abc" }),
            "fingerprint: must be 64",
        ),
        ("faults", json!({ "operation": "*", "kind": "cut", "count": 2 }), "count: is not a field"),
    ] {
        let answer = local(&server, &format!("POST /_local/{path}"), body.clone()).await;
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert_eq!(answer.status, 400, "{body}");
        assert!(error.starts_with(expected), "{error}");
    }
    let large = send(
        &server,
        "POST /_local/tasks",
        &[("content-type", "application/json")],
        &"x".repeat(1024 * 1024 + 1),
    )
    .await
    .unwrap();
    assert_eq!(
        (large.status, large.json()["error"].as_str().unwrap()),
        (400, "body: has more than 1048576 bytes")
    );
    assert_eq!(server.state().tasks(), []);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_errors() {
    let server = server().await;
    for (line, status) in [
        ("GET /_local/health", 200),
        ("GET /_local", 404),
        ("GET /_localtasks", 404),
        ("GET /_local/tasks/abc", 404),
        ("POST /_local/tasks/abc/cancel", 404),
        ("DELETE /_local/tasks", 405),
        ("PUT /_local/faults", 405),
        ("GET /elsewhere", 404),
    ] {
        assert_eq!(local(&server, line, Value::Null).await.status, status, "{line}");
    }
}

#[tokio::test]
async fn cancel_requests_or_ends_by_service() {
    let server = server().await;
    let (fnf, swf) = (open(&server, OpenTask::new(Service::Fnf)), open(&server, OpenTask::new(Service::Swf)));
    let cancel = async |fingerprint: &str| {
        local(&server, &format!("POST /_local/tasks/{fingerprint}/cancel"), Value::Null).await
    };
    let answer = cancel(&swf.fingerprint).await;
    assert_eq!(
        (answer.status, &answer.json()["state"], &answer.json()["cancelRequested"]),
        (200, &json!("Open"), &json!(true))
    );
    let answer = cancel(&fnf.fingerprint).await;
    assert_eq!((answer.status, &answer.json()["state"]), (200, &json!("Canceled")));
    assert_eq!(Rpc::succeeded(&fnf, "{}").code(&server).await.1, "TaskAlreadyCompleted");
    assert_eq!(cancel(&fnf.fingerprint).await.status, 409);
    assert_eq!(server.state().cancel("unknown").unwrap_err().kind(), AdminErrorKind::NotFound);
}

#[tokio::test]
async fn faults_are_added_listed_cleared() {
    let server = server().await;
    let fault = json!({ "operation": "ReportTaskSucceeded", "kind": "throttle", "times": 3 });
    assert_eq!(local(&server, "POST /_local/faults", fault).await.status, 201);
    let task = open(&server, OpenTask::new(Service::Fnf));
    assert_eq!(Rpc::succeeded(&task, "{}").code(&server).await, (429, "ResourceThrottled".to_owned()));
    let remaining = local(&server, "GET /_local/faults", Value::Null).await.json();
    assert_eq!(remaining["faults"][0]["times"], 2);
    let none = local(&server, "DELETE /_local/faults", Value::Null).await;
    assert_eq!((none.status, none.json()), (200, json!({ "faults": [] })));
    assert_eq!(Rpc::succeeded(&task, "{}").send(&server).await.unwrap().status, 200);
}

#[tokio::test]
async fn input_numbers_are_not_rounded() {
    let server = server().await;
    let list = json!({ "domain": "taskback", "taskList": { "name": "taskback" } });
    for (input, expected) in [
        ("{\"n\":1.000000000000000000001}", "{\"n\":1.000000000000000000001}"),
        ("\"bare \\u00e9\"", "bare é"),
    ] {
        let body = format!("{{\"service\":\"swf\",\"input\":{input}}}");
        assert_eq!(
            send(&server, "POST /_local/tasks", &[("content-type", "application/json")], &body)
                .await
                .unwrap()
                .status,
            201
        );
        assert_eq!(swf(&server, "PollForActivityTask", list.clone()).await.json()["input"], expected);
    }
}
