use serde_json::{Value, json};
use taskback_core::Service;
use taskback_local::{Config, Fault, FaultKind, OpenTask, TaskState};

use crate::aws::{AwsCall, json_call};
use crate::client::{Rpc, bind, encode, local, open, send, server, swf};
use crate::log;

/// Every answer proves that its connection's task did not panic.
#[tokio::test]
async fn corrupted_requests_end_no_task() {
    let server = server().await;
    let (fnf, swf) = (open(&server, OpenTask::new(Service::Fnf)), open(&server, OpenTask::new(Service::Swf)));
    let target = "SimpleWorkflowService.RespondActivityTaskCompleted";
    let signed = json_call("swf", target, &json!({ "taskToken": swf.token.expose() }));
    let form_type = ("content-type", "application/x-www-form-urlencoded");
    let report =
        format!("Action=ReportTaskSucceeded&Version=2019-03-15&TaskToken={}", encode(fnf.token.expose()));
    let stamps = "Timestamp=2025-01-02T03:04:05Z&SignatureNonce=1&Signature=AAAA&AccessKeyId=taskback-local";
    let good = [
        (
            "POST /_local/tasks",
            vec![("content-type", "application/json")],
            json!({ "service": "swf", "timeoutSeconds": 5, "input": [1.5, "é"] }).to_string(),
        ),
        (
            "POST /_local/faults",
            vec![("content-type", "application/json")],
            json!({ "operation": "*", "kind": "delay:5", "times": 1 }).to_string(),
        ),
        (
            "POST /",
            vec![form_type],
            format!("{report}&{stamps}&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0"),
        ),
    ];
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..800 {
        let (line, headers, body) = &good[round % good.len()];
        let corrupted = corrupt(body, &mut random);
        // Now and then a character is changed into itself, and the whole request would be accepted.
        if corrupted == *body {
            continue;
        }
        let answer = send(&server, line, headers, &corrupted).await;
        assert!(answer.is_some_and(|answer| answer.status < 500), "{line} {corrupted}");
        // Signed, so that the body is read.
        let body = corrupt(&signed.body, &mut random);
        if body != signed.body {
            let answer = AwsCall { body: body.clone(), ..signed.clone() }.send(&server).await;
            assert!(answer.is_some_and(|answer| answer.status < 500), "{body}");
        }
        server.state().clear_faults();
    }
    for task in [fnf, swf] {
        assert_eq!(server.state().task(&task.fingerprint).unwrap().state, TaskState::Open);
    }
}

#[tokio::test]
async fn log_holds_no_secret() {
    let server = bind(Config { listen: "0.0.0.0:0".parse().unwrap(), ..Config::default() }).await;
    let (fnf, waiting) =
        (open(&server, OpenTask::new(Service::Fnf)), open(&server, OpenTask::new(Service::Swf)));
    server.state().inject(Fault::new("*", FaultKind::Throttle)).unwrap();
    let mut forged = Rpc::succeeded(&fnf, "{}");
    forged.secret = "a-guessed-secret".to_owned();
    let request = Rpc::succeeded(&fnf, "{}");
    for request in [&forged, &request, &Rpc::succeeded(&fnf, "{}"), &request] {
        assert!(request.send(&server).await.is_some());
    }
    for operation in
        ["RecordActivityTaskHeartbeat", "RespondActivityTaskCompleted", "RespondActivityTaskFailed"]
    {
        swf(&server, operation, json!({ "taskToken": waiting.token.expose() })).await;
    }
    local(&server, "POST /_local/tasks", json!({ "service": "fnf", "taskToken": fnf.token.expose() })).await;
    local(&server, "GET /_local/tasks", Value::Null).await;

    let text = log::text();
    assert!(text.contains("WARN") && text.contains("off loopback"), "{text}");
    assert!(text.contains(&fnf.fingerprint[..8]) && text.contains("ReportTaskSucceeded"), "{text}");
    for secret in [
        fnf.token.expose(),
        waiting.token.expose(),
        "taskback-local-secret",
        "a-guessed-secret",
        "Signature=",
    ] {
        assert!(!text.contains(secret) && !text.contains(&encode(secret)), "{text}");
    }
}

/// The text with a few of its bytes changed, dropped or doubled.
fn corrupt(text: &str, random: &mut fastrand::Rng) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..random.usize(1..4) {
        let at = random.usize(..chars.len());
        match random.u8(..4) {
            0 => chars[at] = random.char(..),
            1 => chars[at] = *random.choice(&['"', '{', '%', '&', '=', '\\', '0', '\0']).unwrap_or(&'x'),
            2 => drop(chars.remove(at)),
            _ => chars.truncate(at.max(1)),
        }
    }
    chars.into_iter().collect()
}
