use aliyun_fnf::DescribeExecution;
use serde_json::json;
use tokio::time::Instant;

use super::*;
use crate::client::server;

/// Creates and starts a flow of these states. Returns its status, output and last event's detail.
async fn run(server: &Server, states: &str, input: &str) -> (String, String, Value) {
    let definition = format!("Type: StateMachine\nSpecVersion: v1\nStartAt: a\nStates:\n{states}");
    let name = format!("flow_{}", fastrand::u64(..));
    create(server, &name, &definition).await;
    start(server, &name, "run", input).await;
    let ended = call(server, DescribeExecution::new(&name, "run").wait_seconds(60)).await.unwrap();
    let events = history(server, &name, "run").await;
    let output = ended.output.map(|output| output.to_string()).unwrap_or_default();
    (ended.status.as_str().to_owned(), output, detail(events.last().unwrap()))
}

#[tokio::test]
async fn constructors_shape_input_and_output() {
    let server = server().await;
    let states = "
- Type: Pass
  Name: a
  InputConstructor: {kept.$: $Input.x.y, who.$: $Context.Execution.Name, plain: $Input}
  OutputConstructor: {inner.$: $Output, first.$: '$Context.Execution.Input.list[0]', in.$: $Context.Current.Name}
  Next: b
- {Type: Succeed, Name: b}
- {Type: Fail, Name: unreached, Detail: no}
";
    let (status, output, _) = run(&server, states, r#"{"x":{"y":12345678901234567890123},"list":[7]}"#).await;
    assert_eq!(status, "Succeeded");
    let expected =
        r#"{"first":7,"in":"a","inner":{"kept":12345678901234567890123,"plain":"$Input","who":"run"}}"#;
    assert_eq!(output, expected);
}

#[tokio::test]
async fn fail_state_has_code_and_detail() {
    let server = server().await;
    let states =
        "- {Type: Pass, Name: a, Next: f}\n- {Type: Fail, Name: f, Code: NoStock, Detail: none left}";
    let (status, output, last) = run(&server, states, "{}").await;
    assert_eq!((status.as_str(), output.as_str()), ("Failed", ""));
    assert_eq!(last, json!({ "error": "NoStock", "cause": "none left" }));
}

#[tokio::test(start_paused = true)]
async fn wait_states_run_in_sequence() {
    let server = server().await;
    let states = "- {Type: Wait, Name: a, Seconds: 12, Next: b}\n\
        - {Type: Wait, Name: b, Seconds.$: $Input.more, End: true}";
    let began = Instant::now();
    let (status, output, _) = run(&server, states, r#"{"more":5}"#).await;
    assert_eq!((status.as_str(), output.as_str()), ("Succeeded", r#"{"more":5}"#));
    assert_eq!(began.elapsed().as_secs(), 17);
}

#[tokio::test]
async fn errors_in_flow_fail_execution() {
    let server = server().await;
    let missing = "- {Type: Pass, Name: a, OutputConstructor: {x.$: $Output.no}, End: true}";
    let wait = "- {Type: Wait, Name: a, Seconds.$: $Input.n, End: true}";
    let circle = "- {Type: Pass, Name: a, Next: a}";
    let double = "- {Type: Pass, Name: a, OutputConstructor: {x.$: $Output, y.$: $Output}, End: true}";
    let large = format!(r#"{{"x":"{}"}}"#, "x".repeat(40_000));
    for (states, input, error, cause) in [
        (missing, "{}", "ExpressionFailed", "$Output.no finds nothing"),
        (wait, r#"{"n":0}"#, "ExpressionFailed", "Seconds is not 1 to 300"),
        (wait, r#"{"n":"soon"}"#, "ExpressionFailed", "Seconds is not 1 to 300"),
        (circle, "{}", "HistoryTooLong", "The history has more than 5000 events."),
        (double, &large, "DataTooLarge", "Input or output has more than 65536 bytes."),
    ] {
        let (status, _, last) = run(&server, states, input).await;
        assert_eq!(status, "Failed", "{states}");
        assert_eq!(last, json!({ "error": error, "cause": cause }));
    }
}

#[tokio::test]
async fn unrenderable_message_is_not_sent() {
    let server = server().await;
    create(&server, "verify", &VERIFY.replace("$Input\n", "$Input.missing\n")).await;
    start(&server, "verify", "run", "{}").await;
    let events = history(&server, "verify", "run").await;
    assert_eq!(kinds(&events)[3..], ["TaskStarted", "TaskSubmitFailed", "StepFailed", "ExecutionFailed"]);
    assert_eq!(server.state().queues(), []);
    assert_eq!(server.state().tasks(), []);
}

#[tokio::test]
async fn non_object_output_fails_execution() {
    let server = server().await;
    create(&server, "verify", VERIFY).await;
    for (name, output) in [("text", "done"), ("list", "[1]"), ("string", "\"done\"")] {
        start(&server, "verify", name, "{}").await;
        succeed(&server, &token(&server), output).await.unwrap();
        let events = history(&server, "verify", name).await;
        assert_eq!(kinds(&events)[5..], ["TaskSucceeded", "StepFailed", "ExecutionFailed"]);
        assert_eq!(detail(&events[7])["error"], "DataNotObject");
    }
}

#[tokio::test]
async fn function_body_and_text_are_sent() {
    let server = server().await;
    let task = |body: &str| {
        format!(
            "- Type: Task\n  Name: a\n  Action: FC:InvokeFunction\n  TaskMode: WaitForCustomCallback\n  End: true\n  \
             Timeout: 1\n  Parameters:\n    resourceArn: acs:fc:cn-hangzhou:1:functions/check/LATEST\n    \
             invocationType: Async\n    {body}\n"
        )
    };
    let definition =
        |body| format!("Type: StateMachine\nSpecVersion: v1\nStartAt: a\nStates:\n{}", task(body));
    create(&server, "object", &definition("body: {n: 1, t.$: $Context.Current.TaskToken}")).await;
    create(&server, "text", &definition("body.$: $Context.Current.TaskToken")).await;
    start(&server, "object", "run", "{}").await;
    assert_eq!(message(&server, "check")["n"], 1);
    start(&server, "text", "run", "{}").await;
    let [message]: [Message; 1] = server.state().receive("check", 9).try_into().unwrap();
    succeed(&server, &message.body, "{}").await.unwrap();
    assert_eq!(status(&server, "text", "run").await, "Succeeded");
}
