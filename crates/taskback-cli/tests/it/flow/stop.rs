use serde_json::json;

use super::flows::Flows;

#[tokio::test(flavor = "multi_thread")]
async fn stop_records_error_and_cause() {
    let flows = Flows::new().await;
    assert_eq!(flows.run(&["start", "verify", "--name", "run"]).await.stdout, "verify/run  Starting\n");
    let ran = flows.run(&["stop", "verify", "run", "--error", "Sold", "--cause", "no stock"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "verify/run  Stopped\n"), "{}", ran.stderr);
    let (code, answer) = flows.json(&["stop", "verify", "run", "--wait"]).await;
    assert_eq!((code, &answer["status"]), (0, &json!("Stopped")), "stopped already");
    assert_eq!((&answer["error"], &answer["cause"]), (&json!("Sold"), &json!("no stock")));
    let (code, _) = flows.json(&["describe", "verify", "run", "--wait"]).await;
    assert_eq!(code, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_leaves_ended_execution_unchanged() {
    let flows = Flows::new().await;
    flows.run(&["start", "pass", "--name", "run"]).await;
    let ran = flows.run(&["stop", "pass", "run"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "pass/run  Succeeded\n"), "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_of_unknown_execution_is_rejected() {
    let flows = Flows::new().await;
    let ran = flows.run(&["stop", "pass", "none"]).await;
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.lines().count()), (2, "", 1));
    assert!(ran.stderr.starts_with("taskback: StopExecution: 404 ExecutionNotExists: "), "{}", ran.stderr);
}
