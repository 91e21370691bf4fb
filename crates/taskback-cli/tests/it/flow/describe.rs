use serde_json::json;

use super::flows::{Flows, kinds};
use crate::run::run;

#[tokio::test(flavor = "multi_thread")]
async fn execution_is_described() {
    let flows = Flows::new().await;
    flows.run(&["start", "verify", "--name", "run", "--input", r#"{"n":1}"#]).await;
    let (code, answer) = flows.json(&["describe", "verify", "run"]).await;
    assert_eq!((code, &answer["status"], &answer["input"]), (0, &json!("Running"), &json!({"n": 1})));
    assert_eq!(kinds(&answer).last(), Some(&"TaskSubmitted"));

    flows.succeed(&json!({"valid": true})).await;
    let ran = flows.run(&["describe", "verify", "run"]).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.ends_with("\n  output   {\"valid\":true}\n"), "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("TaskSucceeded       verify\n").count(), 1, "{}", ran.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn end_during_the_wait_is_seen() {
    let flows = Flows::new().await;
    let started = flows.run(&["start", "verify", "--name", "run"]).await;
    assert_eq!(started.code, 0);
    let report = async {
        // The wait may begin before or after this; the end is seen either way.
        flows.waits().await;
        flows.succeed(&json!({"n": 2})).await;
    };
    let ((code, answer), ()) = tokio::join!(flows.json(&["describe", "verify", "run", "--wait=60"]), report);
    assert_eq!((code, &answer["output"]), (0, &json!({"n": 2})));
}

#[tokio::test(flavor = "multi_thread")]
async fn trace_log_contains_no_secrets() {
    let flows = Flows::new().await;
    let mut start = flows.command(&["start", "verify", "--name", "run", "--wait=1"]);
    let ran = tokio::task::spawn_blocking(move || run(start.env("RUST_LOG", "trace"))).await.unwrap();
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let token = flows.token();
    for text in [&ran.stdout, &ran.stderr] {
        assert!(!text.contains(&token) && !text.contains("taskback-local-secret"), "{text}");
    }
}
