//! The shipped handler as a process, against a Runtime API on loopback and the local services.

use std::path::Path;

use super::*;
use crate::lambda::function;
use crate::lambda::runtime_api::RuntimeApi;
use crate::process::Process;
use crate::secrets::assert_hidden;

/// The handler starts and stops executions, and receives the batch twice.
#[tokio::test]
async fn handler_logs_names_only() {
    let flows = Flows::new().await;
    let mut api = RuntimeApi::start().await;
    let executable = Path::new(env!("CARGO_BIN_EXE_flow_control"));
    let handler = Process::start(&mut function(executable, &api.address, &flows.server.url()));
    let (token, input) = ("v1#flow#a+secret/token==", "the-input-is-private-and-shown-to-no-one");
    let messages = [
        Message::new(
            "start",
            json!({
                "action": "start", "flowName": "verify", "input": {"x": input}, "callbackFnFTaskToken": token
            })
            .to_string(),
        ),
        Message::new(
            "other",
            json!({"action": "start", "flowName": "none", "input": {"x": input}}).to_string(),
        ),
        Message::new("bad", json!({"action": "stop", "flowName": token, "executionName": input}).to_string()),
    ];
    // A queue may deliver a batch twice.
    for _ in 0..2 {
        api.invoke("batch", &sqs_event(&messages), MINUTE);
        let answer = api.answer().await;
        assert_eq!((answer.failed, kept(answer.body)), (false, vec!["other".into(), "bad".into()]));
    }
    let executions = flows.executions("verify").await;
    let [name] = executions.iter().filter_map(|execution| execution.name.as_deref()).collect::<Vec<_>>()[..]
    else {
        panic!("{executions:?}")
    };
    api.invoke("direct", &direct_event(&stop(name).to_string()), MINUTE);
    let answer = api.answer().await;
    assert_eq!((answer.failed, &answer.body["status"]), (false, &json!("Stopped")), "{}", handler.printed());

    let unnamed = direct_event(&json!({"action": "start", "flowName": "pass"}).to_string());
    for _ in 0..2 {
        // An asynchronous invocation is retried with the same id.
        api.invoke("the-same-id", &unnamed, MINUTE);
        assert!(!api.answer().await.failed);
    }
    assert_eq!(flows.executions("pass").await.len(), 1);

    let (_, printed) = handler.kill().await;
    for expected in ["flow.done", "flow.failed", "FlowNotExists", "flowName must have", name] {
        assert!(printed.contains(expected), "{expected} is not in the log:\n{printed}");
    }
    assert_hidden(&printed, [token, input, "taskback-local-secret"]);
}

#[tokio::test]
async fn handler_requires_an_fnf_endpoint() {
    let mut command =
        function(Path::new(env!("CARGO_BIN_EXE_flow_control")), "127.0.0.1:1", "http://127.0.0.1:1");
    let (status, printed) = Process::start(command.env("FNF_ENDPOINT", "")).end().await;
    assert!(!status.success() && printed.contains("cannot start"), "{printed}");
}
