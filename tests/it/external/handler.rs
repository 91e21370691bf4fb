//! A step that runs a Lambda handler: under awslambdaric, the real client of Python, and by the contract.

mod contract;
mod ends;
mod host;
mod idle;
mod instances;
mod invariants;

use std::time::Duration;

use serde_json::{Value, json};
use taskback::testing::Message;
use taskback::{CommandLine, HandlerStep, Outcome, Service, TerminalErrors};

use super::{TASK, deliver, failure, output};
use crate::peers::python;
use crate::secrets::assert_hidden;
use crate::support::{MINUTE, Rig, kept_within, token};

/// The handlers of `tests/peers`, where one error is terminal.
fn handler() -> HandlerStep {
    step(&python::handler("handlers.handle"))
}

fn step(words: &[String]) -> HandlerStep {
    let terminal = TerminalErrors::default().with_errors(["CardDeclined"]);
    HandlerStep::new(CommandLine::parse(&json!(words).to_string()).unwrap()).terminal_errors(terminal)
}

fn doing(what: &str) -> String {
    json!({ "do": what }).to_string()
}

#[tokio::test]
async fn return_value_is_the_output() {
    for input in [r#"{"do": "echo", "b": "é\u0000🦀"}"#, "[1, null]", "7", r#""text""#] {
        let written: Value = serde_json::from_str(&output(handler(), input).await).unwrap();
        assert_eq!(written, serde_json::from_str::<Value>(input).unwrap());
    }
    let large = json!({"do": "large input", "text": "x".repeat(200_000)}).to_string();
    assert_eq!(output(handler(), &large).await, "200000");
}

#[tokio::test]
async fn only_named_errors_fail_at_once() {
    let cause = "no luck é 🦀".to_owned();
    assert_eq!(failure(handler(), &doing("declined")).await, ("CardDeclined".into(), cause));
    assert_eq!(failure(handler(), &doing("error")).await, ("StepFailed".into(), "ValueError: busy".into()));
    let rig = Rig::new();
    let taskback = rig.builder().step(handler()).build().unwrap();
    assert!(deliver(&taskback, &doing("error"), MINUTE).await.is_some(), "before the last delivery");
    assert_eq!(rig.swf.attempts(&token(Service::Swf, TASK)), 0);
    assert_eq!(deliver(&taskback, &doing("declined"), MINUTE).await, None, "on the first delivery");
}

#[tokio::test]
async fn output_that_is_not_json_is_invalid() {
    for what in ["nan", "bytes", "object"] {
        let (error, cause) = failure(handler(), &doing(what)).await;
        assert!(error == "InvalidOutput" && cause.starts_with("the handler succeeded; "), "{what}: {cause}");
    }
    assert_eq!(failure(handler(), &doing("large output")).await.0, "OutputTooLarge");
}

/// The X-Ray cause of such an error is a header of hundreds of kilobytes.
#[tokio::test]
async fn large_cause_is_reported() {
    let (error, cause) = failure(handler(), &doing("large cause")).await;
    assert!(error == "CardDeclined" && cause.starts_with("ééé") && cause.len() > 4000, "{}", cause.len());
}

#[tokio::test]
async fn handler_gets_task_without_token() {
    let task = token(Service::Swf, TASK);
    let body = json!({
        "service": "swf", "taskToken": task.expose(), "input": {"do": "context"},
        "execution": {"workflowId": format!("ordér {}", task.expose()), "activityId": "7", "activityType": "verify"},
    });
    let rig = Rig::new();
    let taskback = rig.builder().step(handler().max_time(Duration::from_secs(20))).build().unwrap();
    let message = Message::new("m", body.to_string()).received(3);
    assert!(kept_within(&taskback, &[message], MINUTE).await.is_empty());
    let [Outcome::Succeeded(output)] = &rig.swf.accepted(&task)[..] else { panic!() };
    assert_hidden(&output.json().replace(", ", "\n"), [task.expose()]);
    let seen: Value = serde_json::from_str(output.json()).unwrap();
    let fingerprint = task.fingerprint();
    let custom = json!({
        "taskback.fingerprint": fingerprint.hex(),
        "taskback.service": "swf",
        "taskback.attempt": "3",
        "taskback.businessKey": format!("ordér [token {}]/7", fingerprint.short()),
        "taskback.activityType": "verify",
    });
    assert_eq!(seen["custom"], custom);
    assert!(seen["id"].as_str().unwrap().ends_with(&fingerprint.hex()[..12]), "{seen}");
    assert!((1..=20_000).contains(&seen["remaining"].as_u64().unwrap()), "{seen}");
}
