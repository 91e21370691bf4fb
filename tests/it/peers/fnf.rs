//! The official FnF client and its signatures.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use taskback::{Fnf, Outcome, Output, ReportRequest, Reporter, Service, TaskToken};
use taskback_local::{Config, OpenTask, ReportedOutcome, Server, TaskState};
use tokio::time::Instant;

use super::python;
use crate::support::MINUTE;
use crate::wire::server::{self as wire, Reply};

/// One call by the official FnF client.
async fn official(server: &Server, token: &TaskToken, secret: &str, outcome: &[&str]) -> Value {
    let url = server.url();
    let arguments = [&["--endpoint", &*url, "--access-key-secret", secret], outcome].concat();
    python::run("fnf_report.py", &arguments, token.expose()).await.remove(0)
}

#[tokio::test]
async fn official_fnf_client_reports_to_local_service() {
    let secret = Config::default().access_key_secret;
    let server = Server::bind(Config::default()).await.unwrap();
    let [good, bad] = std::array::from_fn(|_| server.state().open(OpenTask::new(Service::Fnf)).unwrap());
    let succeeded = ["succeeded", "--output", r#"{"卡":"é + / = & % 🚀"}"#];
    let failed = ["failed", "--error", "CardDeclined", "--cause", "no 卡"];

    let answer = official(&server, &good.token, "another-secret", &succeeded).await;
    assert_eq!((&answer["status"], &answer["code"]), (&403.into(), &"SignatureNotMatch".into()));
    assert_eq!(server.state().task(&good.fingerprint).unwrap().state, TaskState::Open);

    for (task, report) in [(&good, &succeeded[..]), (&bad, &failed[..])] {
        let answer = official(&server, &task.token, &secret, report).await;
        assert_eq!((&answer["status"], &answer["code"]), (&200.into(), &Value::Null));
        assert!(answer["eventId"].is_i64() && answer["requestId"].is_string(), "{answer}");
    }
    let outcome_of = |fingerprint| server.state().task(fingerprint).unwrap().outcome.unwrap();
    let outcomes = [
        ReportedOutcome::Succeeded { output: Some(succeeded[2].into()) },
        ReportedOutcome::Failed { error: Some("CardDeclined".into()), cause: Some("no 卡".into()) },
    ];
    assert_eq!([outcome_of(&good.fingerprint), outcome_of(&bad.fingerprint)], outcomes);

    // A further report finds the task closed.
    for (task, report) in [(&good, &failed[..]), (&bad, &succeeded[..])] {
        let answer = official(&server, &task.token, &secret, report).await;
        assert_eq!((&answer["status"], &answer["code"]), (&400.into(), &"TaskAlreadyCompleted".into()));
    }
    assert_eq!([outcome_of(&good.fingerprint), outcome_of(&bad.fingerprint)], outcomes);
}

#[tokio::test]
async fn official_fnf_client_signs_alike() {
    let outcomes = [
        Outcome::Succeeded(Output::new(&json!({"卡": "é + / = & % ~ * 🚀\n", "n": 1.5})).unwrap()),
        Outcome::Succeeded(Output::new(&"").unwrap()),
        Outcome::failed("CardDeclined", "no 卡: a+b/c=d"),
        Outcome::failed("CardDeclined", ""),
        Outcome::Canceled { details: "half".into() },
    ];
    let server = wire::Server::start(vec![Reply::accepted(Service::Fnf); outcomes.len()]).await;
    let fnf = Fnf::local(&server.url).unwrap();
    let token = TaskToken::new(Service::Fnf, "v1#a#+/==~* é").unwrap();
    for outcome in &outcomes {
        fnf.report(ReportRequest { token: &token, outcome, permit: None, deadline: Instant::now() + MINUTE })
            .await;
    }
    let requests = server.requests();
    assert_eq!(requests.len(), outcomes.len());
    let mut closed_by = Vec::new();
    let mut lines = String::new();
    for request in &requests {
        let mut params = params(request);
        closed_by.push(json!({"signature": params.remove("Signature").unwrap()}));
        assert_eq!(params["TaskToken"], token.expose());
        let secret = Config::default().access_key_secret;
        lines += &format!("{}\n", json!({"method": "POST", "params": params, "secret": secret}));
    }
    assert_eq!(python::run("fnf_sign.py", &[], &lines).await, closed_by);
}

/// Query and form together, decoded.
fn params(request: &wire::Request) -> BTreeMap<String, String> {
    let query = request.line.strip_prefix("POST /?").unwrap().split(' ').next().unwrap();
    let pairs = query.split('&').chain(request.body.split('&')).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.into(), decoded(value)))
        .collect()
}

fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(part[2..].bytes());
    }
    String::from_utf8(bytes).unwrap()
}
