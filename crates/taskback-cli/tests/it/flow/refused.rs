use super::flows::Flows;
use crate::run::{run, taskback};

#[tokio::test(flavor = "multi_thread")]
async fn invalid_argument_names_field_and_limit() {
    let flows = Flows::new().await;
    let long = |length: usize| "x".repeat(length);
    let (name, error, cause) = (long(129), long(129), long(4097));
    let derived = format!("tb-{}", "0aF4".repeat(16));
    for (args, why) in [
        (vec!["start", "1st"], "flowName must have 1 to 128 letters"),
        (vec!["start", "pass", "--name", "a b"], "executionName must have 1 to 128 letters"),
        (vec!["start", "pass", "--name", &name], "executionName must have 1 to 128 letters"),
        (
            vec!["start", "pass", "--name", &derived],
            "executionName must not end in tb- and 64 hexadecimal digits",
        ),
        (vec!["start", "pass", "--input", "[]"], "input must be a JSON object"),
        (vec!["start", "pass", "--input", "{"], "--input: not valid JSON: "),
        (vec!["start", "pass", "--input-file", "no-such-file"], "--input-file no-such-file: No such file"),
        (vec!["start", "pass", "--qualifier", ""], "qualifier has 0 characters, and may have 1 to 128"),
        (vec!["stop", "pass", "run", "--error", &error], "error has 129 characters, and may have 1 to 128"),
        (vec!["stop", "pass", "run", "--cause", &cause], "cause has 4097 characters, and may have 1 to 4096"),
        (vec!["stop", "pass", ""], "executionName must have 1 to 128 letters"),
        (vec!["describe", "pass", "a.b"], "DescribeExecution: ExecutionName must match "),
    ] {
        let ran = flows.run(&args).await;
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.lines().count()), (2, "", 1), "{}", ran.stderr);
        assert!(ran.stderr.starts_with(&format!("taskback: {why}")), "{}", ran.stderr);
    }
    let both = flows.run(&["start", "pass", "--input", "{}", "--input-file", "-"]).await;
    assert!(both.code == 2 && both.stderr.contains("cannot be used with"), "{}", both.stderr);
    let none = flows.run(&["describe", "pass", "run", "--wait=0"]).await;
    assert!(none.code == 2 && none.stderr.contains("1..=31622400"), "{}", none.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejection_shows_the_service_code() {
    let flows = Flows::new().await;
    for (args, why) in [
        (vec!["start", "none"], "StartExecution: 404 FlowNotExists: "),
        (vec!["describe", "pass", "none"], "DescribeExecution: 404 ExecutionNotExists: "),
    ] {
        let ran = flows.run(&args).await;
        assert_eq!((ran.code, ran.stderr.lines().count()), (2, 1), "{}", ran.stderr);
        assert!(ran.stderr.starts_with(&format!("taskback: {why}")), "{}", ran.stderr);
    }
}

#[test]
fn missing_or_invalid_endpoint_is_an_error() {
    let ran = run(&mut taskback(&["flow", "start", "pass"]));
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("FNF_REGION, FNF_ENDPOINT: not set"), "{}", ran.stderr);

    let ran = run(taskback(&["flow", "start", "pass"]).env("FNF_ENDPOINT", "http://192.0.2.1:1"));
    assert_eq!((ran.code, ran.stderr.lines().count()), (2, 1), "{}", ran.stderr);
}
