use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_by_field_and_limit_and_nothing_is_sent() {
    let flows = Flows::new().await;
    let long = |length: usize| "x".repeat(length);
    let (name, error, cause) = (long(129), long(129), long(4097));
    for (args, why) in [
        (vec!["start", "1st"], "flowName must have 1 to 128 letters"),
        (vec!["start", "pass", "--name", "a b"], "executionName must have 1 to 128 letters"),
        (vec!["start", "pass", "--name", &name], "executionName must have 1 to 128 letters"),
        (vec!["start", "pass", "--input", "[]"], "input must be a JSON object"),
        (vec!["start", "pass", "--input", "{"], "--input: not JSON: "),
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
async fn the_services_refusal_is_told_with_its_code() {
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
fn without_a_place_or_with_a_wrong_one_nothing_is_done() {
    let ran = run(&mut taskback(&["start", "pass"]));
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("neither FNF_REGION nor FNF_ENDPOINT is set"), "{}", ran.stderr);

    let ran = run(taskback(&["start", "pass"]).env("FNF_ENDPOINT", "http://192.0.2.1:1"));
    assert_eq!((ran.code, ran.stderr.lines().count()), (2, 1), "{}", ran.stderr);
}
