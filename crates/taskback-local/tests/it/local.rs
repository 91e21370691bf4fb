use serde_json::{Value, json};
use taskback_core::Service;
use taskback_local::{ErrorKind, OpenTask, TaskState};

use crate::client::{Rpc, local, open, send, server, swf};

#[tokio::test]
async fn a_task_is_opened_reported_and_listed_without_its_token() {
    let server = server().await;
    let asked =
        json!({ "service": "fnf", "input": { "n": 1 }, "taskToken": "my+own/token==", "timeoutSeconds": 60 });
    let answer = local(&server, "POST /_local/tasks", asked).await;
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
async fn an_swf_task_is_opened_with_all_that_a_poll_would_tell() {
    let server = server().await;
    let asked =
        json!({ "service": "swf", "domain": "shop", "workflowId": "order-7", "heartbeatSeconds": 30 });
    let opened = local(&server, "POST /_local/tasks", asked).await.json();
    assert_eq!(opened["domain"], "shop");
    assert_eq!(opened["workflowExecution"]["workflowId"], "order-7");
    let list = json!({ "domain": "shop", "taskList": { "name": "taskback" } });
    let polled = swf(&server, "PollForActivityTask", list).await.json();
    for member in ["taskToken", "activityId", "activityType", "startedEventId", "workflowExecution"] {
        assert_eq!(polled[member], opened[member], "{member}");
    }
}

#[tokio::test]
async fn a_token_opens_once_and_a_closed_one_again_only_on_request() {
    let server = server().await;
    let asked = json!({ "service": "swf", "taskToken": "again" });
    let reopen = json!({ "service": "swf", "taskToken": "again", "reopen": true });
    let path = "POST /_local/tasks";
    assert_eq!(local(&server, path, asked.clone()).await.status, 201);
    for body in [&asked, &reopen] {
        let conflict = local(&server, path, body.clone()).await;
        assert_eq!(conflict.status, 409);
        assert!(conflict.json()["error"].as_str().unwrap().starts_with("taskToken:"));
    }
    let done = json!({ "taskToken": "again" });
    assert_eq!(swf(&server, "RespondActivityTaskCompleted", done).await.status, 200);
    assert_eq!(local(&server, path, asked).await.status, 409);
    assert_eq!(local(&server, path, reopen).await.status, 201);
    let [task] = server.state().tasks().try_into().unwrap();
    assert_eq!((task.state, task.reports.len()), (TaskState::Open, 0));
    let list = json!({ "domain": "taskback", "taskList": { "name": "taskback" } });
    assert_eq!(swf(&server, "PollForActivityTask", list).await.json()["taskToken"], "again");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_named_by_field() {
    let server = server().await;
    let long = "x".repeat(4097);
    for (path, body, wanted) in [
        ("tasks", json!({}), "service: is required"),
        ("tasks", json!({ "service": "sfn" }), "service: must be fnf or swf"),
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
        ("tasks", json!({ "service": "fnf", "heartbeatSeconds": 5 }), "heartbeatSeconds: only swf has it"),
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
        assert!(error.starts_with(wanted), "{error}");
    }
    let large = send(&server, "POST /_local/tasks", &[], &"x".repeat(1024 * 1024 + 1)).await.unwrap();
    assert_eq!(
        (large.status, large.json()["error"].as_str().unwrap()),
        (400, "body: has more than 1048576 bytes")
    );
    assert_eq!(server.state().tasks(), []);
}

#[tokio::test]
async fn paths_that_lead_nowhere_say_so() {
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
async fn cancel_is_a_request_to_swf_and_the_end_of_an_fnf_task() {
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
    assert_eq!(server.state().cancel("unknown").unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn faults_are_added_listed_met_and_forgotten() {
    let server = server().await;
    let fault = json!({ "operation": "ReportTaskSucceeded", "kind": "throttle", "times": 3 });
    assert_eq!(local(&server, "POST /_local/faults", fault).await.status, 201);
    let task = open(&server, OpenTask::new(Service::Fnf));
    assert_eq!(Rpc::succeeded(&task, "{}").code(&server).await, (429, "ResourceThrottled".to_owned()));
    let left = local(&server, "GET /_local/faults", Value::Null).await.json();
    assert_eq!(left["faults"][0]["times"], 2);
    let none = local(&server, "DELETE /_local/faults", Value::Null).await;
    assert_eq!((none.status, none.json()), (200, json!({ "faults": [] })));
    assert_eq!(Rpc::succeeded(&task, "{}").send(&server).await.unwrap().status, 200);
}

#[tokio::test]
async fn an_input_reaches_its_worker_with_no_number_rounded() {
    let server = server().await;
    let list = json!({ "domain": "taskback", "taskList": { "name": "taskback" } });
    for (input, wanted) in [
        ("{\"n\":1.000000000000000000001}", "{\"n\":1.000000000000000000001}"),
        ("\"bare \\u00e9\"", "bare é"),
    ] {
        let body = format!("{{\"service\":\"swf\",\"input\":{input}}}");
        assert_eq!(send(&server, "POST /_local/tasks", &[], &body).await.unwrap().status, 201);
        assert_eq!(swf(&server, "PollForActivityTask", list.clone()).await.json()["input"], wanted);
    }
}
