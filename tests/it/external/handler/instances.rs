//! The layer on Lambda Managed Instances, which send several invocations at once to one process.

use std::path::Path;

use serde_json::json;
use taskback::Service;
use taskback::testing::direct_event;
use taskback_local::{Config, OpenTask, Server};

use crate::external::group::Scratch;
use crate::lambda::runtime_api::RuntimeApi;
use crate::lambda::{body, function};
use crate::peers::python;
use crate::process::Process;
use crate::support::MINUTE;

/// Clients would fork a worker for each invocation if they saw the variable; here each process is the layer's.
#[tokio::test]
async fn concurrent_invocations_have_processes_of_their_own() {
    let (services, mut api) = (Server::bind(Config::default()).await.unwrap(), RuntimeApi::start().await);
    let mut command = function(Path::new(env!("CARGO_BIN_EXE_exec_wrapper")), &api.address, &services.url());
    command.args(python::handler("handlers.handle")).env_remove("TASKBACK_STEP");
    command.envs([("AWS_LAMBDA_MAX_CONCURRENCY", "2"), ("TASKBACK_HANDLERS", "2"), ("RUST_LOG", "info")]);
    let layer = Process::start(&mut command);
    let (one, two) = (Scratch::new(), Scratch::new());
    let inputs = [
        json!({"do": "meet", "mine": one.text(), "other": two.text()}),
        json!({"do": "meet", "mine": two.text(), "other": one.text()}),
        json!({"do": "variable", "name": "AWS_LAMBDA_MAX_CONCURRENCY"}),
    ];
    for (index, input) in inputs.iter().enumerate() {
        let token = services.state().open(OpenTask::new(Service::Swf)).unwrap().token;
        api.invoke(&format!("invocation-{index}"), &direct_event(&body(&token, input)), MINUTE);
    }
    for _ in 0..3 {
        let answer = api.answer().await;
        let expected = if answer.id == "invocation-2" { json!(null) } else { json!("met") };
        assert_eq!(answer.body["output"], expected, "{answer:?} {}", layer.printed());
    }
    assert_eq!(api.most_open(), 2);
}
