use serde_json::{Value, json};

use super::flows::{Flows, kinds};
use crate::run::run_with_stdin;

#[tokio::test(flavor = "multi_thread")]
async fn waiting_start_shows_the_timeline() {
    let flows = Flows::new().await;
    let ran = flows.run(&["start", "pass", "--name", "run-1", "--input", r#"{"n": 1.50}"#, "--wait"]).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert_eq!(lines[0], "pass/run-1");
    assert!(lines[1].starts_with("  started  20"), "{}", ran.stdout);
    assert_eq!(lines[2], r#"  input    {"n": 1.50}"#);
    let timeline: Vec<Vec<_>> = lines[4..8].iter().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(timeline[0], ["+0.000", "s", "ExecutionStarted"]);
    assert_eq!(timeline[1][2..], ["StepEntered", "pass"]);
    assert_eq!(timeline[2][2..], ["StepExited", "pass"]);
    assert_eq!(timeline[3][2..], ["ExecutionSucceeded"]);
    assert!(lines[9].starts_with("Succeeded after 0."), "{}", ran.stdout);
    assert_eq!(lines[10..], [r#"  output   {"n": 1.50}"#]);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_output_keeps_texts_unchanged() {
    let flows = Flows::new().await;
    let args = ["start", "pass", "--name", "run", "--input", r#"{"n":1.00000000000000000001}"#];
    let ran = flows.run(&[&args[..], &["--wait", "--json"]].concat()).await;
    assert!(ran.stdout.contains(r#""output":{"n":1.00000000000000000001}"#), "{}", ran.stdout);
    let (code, answer) = flows.json(&[&args[..], &["--wait"]].concat()).await;
    assert_eq!((code, &answer["status"]), (0, &json!("Succeeded")), "started again: found by name");
    assert_eq!(kinds(&answer), ["ExecutionStarted", "StepEntered", "StepExited", "ExecutionSucceeded"]);
    assert_eq!(answer["events"][1]["stepName"], "pass");
    let (code, answer) = flows.json(&args).await;
    assert_eq!((code, &answer["executionName"], &answer["events"]), (0, &json!("run"), &Value::Null));
}

/// A number beyond a float and a depth beyond recursion.
#[tokio::test(flavor = "multi_thread")]
async fn input_is_sent_and_shown_unchanged() {
    let flows = Flows::new().await;
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    let input = format!(r#"{{"big":12345678901234567890123,"huge":1e400,"zero":-0.0,"deep":{deep}}}"#);
    let args = ["start", "verify", "--name", "run", "--input", &input];
    assert_eq!(flows.run(&args).await.code, 0);
    for args in [&["describe", "verify", "run", "--json"][..], &[&args[..], &["--json"]].concat()] {
        let ran = flows.run(args).await;
        assert!(
            ran.code == 0 && ran.stdout.contains(&format!("\"input\":{input}")),
            "{} {}",
            ran.stdout,
            ran.stderr
        );
    }
    let shown = flows.run(&["describe", "verify", "run"]).await;
    assert!(shown.stdout.contains(&format!("  input    {input}\n")), "{}", shown.stdout);
    let same = input.replace("1e400", "0.1E+401");
    assert_eq!(flows.run(&["start", "verify", "--name", "run", "--input", &same]).await.code, 0);
    let other = input.replace("890123", "890124");
    let ran = flows.run(&["start", "verify", "--name", "run", "--input", &other]).await;
    assert!(
        ran.code == 2 && ran.stderr.contains("taken by an execution with another input"),
        "{}",
        ran.stderr
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_without_names_differ() {
    let flows = Flows::new().await;
    let [one, other] = [flows.json(&["start", "pass"]).await, flows.json(&["start", "pass"]).await];
    let name = |answer: &Value| answer["executionName"].as_str().unwrap().to_owned();
    assert_ne!(name(&one.1), name(&other.1));
    let (code, answer) = flows.json(&["describe", "pass", &name(&one.1)]).await;
    assert_eq!((code, &answer["output"]), (0, &json!({})));
}

#[tokio::test(flavor = "multi_thread")]
async fn input_comes_from_file_or_stdin() {
    let flows = Flows::new().await;
    let path = std::env::temp_dir().join(format!("taskback-input-{}.json", std::process::id()));
    std::fs::write(&path, r#"{"from":"file"}"#).unwrap();
    let file = path.to_str().unwrap();
    let (code, answer) = flows.json(&["start", "pass", "--input-file", file, "--wait"]).await;
    std::fs::remove_file(&path).unwrap();
    assert_eq!((code, &answer["output"]), (0, &json!({"from": "file"})));

    let mut command = flows.command(&["start", "pass", "--input-file", "-", "--wait", "--json"]);
    let text = r#"{"from":"stdin"}"#;
    let ran = tokio::task::spawn_blocking(move || run_with_stdin(&mut command, text)).await.unwrap();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(answer["output"], json!({"from": "stdin"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn name_with_another_input_is_rejected() {
    let flows = Flows::new().await;
    let start = async |input| flows.run(&["start", "pass", "--name", "run", "--input", input]).await;
    assert_eq!(start("{}").await.code, 0);
    let ran = start(r#"{"n":1}"#).await;
    let expected = "taskback: executionName run is taken by an execution with another input\n";
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (2, "", expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_and_unfinished_executions_have_exit_codes() {
    let flows = Flows::new().await;
    let ran = flows.run(&["start", "verify", "--name", "slow", "--wait=1"]).await;
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stdout.ends_with("\nRunning\n"), "{}", ran.stdout);

    let report = async {
        flows.waits().await;
        flows.fail("Declined", "over\nlimit").await;
    };
    let (ran, ()) = tokio::join!(flows.run(&["describe", "verify", "slow", "--wait"]), report);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("TaskFailed          verify  Declined: over\\nlimit\n"), "{}", ran.stdout);
    let last = ran.stdout.lines().last().unwrap();
    assert!(last.starts_with("Failed after ") && last.ends_with(" s: Declined: over\\nlimit"), "{last}");
    assert_eq!(ran.stdout.matches("Declined").count(), 2, "once in the timeline: {}", ran.stdout);
}
