//! The Lambda layer under Lambda's own emulator, with the Lambda runtime of Python as the function.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use taskback::testing::{Message, sqs_event};
use taskback::{Service, TaskToken};
use taskback_local::{Config, OpenTask, ReportedOutcome, Server};

use super::emulator::invoke;
use super::python;
use crate::external::group::{Scratch, assert_dead};
use crate::process::{Process, free_address};
use crate::secrets::assert_hidden;

struct Layer {
    services: Server,
    address: String,
    emulator: Process,
}

impl Layer {
    /// The emulator, with the layer around a handler of `tests/peers`.
    async fn start(handler: &str, vars: &[(&str, &str)]) -> Self {
        let services = Server::bind(Config::default()).await.unwrap();
        let (address, runtime_api) = (free_address(), free_address());
        let mut command = Command::new(python::emulator());
        command.env_clear().envs([
            ("AWS_LAMBDA_FUNCTION_NAME", "orders"),
            ("AWS_LAMBDA_FUNCTION_TIMEOUT", "60"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "taskback-local"),
            ("AWS_SECRET_ACCESS_KEY", "taskback-local-secret"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_ENDPOINT_URL", &services.url()),
            ("TASKBACK_TERMINAL_ERRORS", "CardDeclined"),
        ]);
        command.envs(vars.iter().copied());
        command.args(["--log-level", "error", "--runtime-interface-emulator-address", &address]);
        command.args(["--runtime-api-address", &runtime_api, env!("CARGO_BIN_EXE_exec_wrapper")]);
        let emulator = Process::start(command.args(python::handler(handler)));
        Self { services, address, emulator }
    }

    /// Delivers a batch of tasks with these inputs. Returns the response and the tokens.
    async fn deliver(&self, inputs: &[Value]) -> (Value, Vec<TaskToken>) {
        let tokens: Vec<_> = inputs
            .iter()
            .map(|_| self.services.state().open(OpenTask::new(Service::Swf)).unwrap().token)
            .collect();
        let messages: Vec<_> = inputs
            .iter()
            .zip(&tokens)
            .enumerate()
            .map(|(index, (input, token))| {
                let body = json!({"service": "swf", "taskToken": token.expose(), "input": input});
                Message::new(index.to_string(), body.to_string())
            })
            .collect();
        let answer = invoke(&self.address, &sqs_event(&messages)).await;
        let parsed = serde_json::from_str(&answer);
        (parsed.unwrap_or_else(|_| panic!("{answer} {}", self.emulator.printed())), tokens)
    }

    fn outcome(&self, token: &TaskToken) -> Option<ReportedOutcome> {
        self.services.state().task(&token.fingerprint().hex()).unwrap().outcome
    }

    fn output(&self, token: &TaskToken) -> String {
        match self.outcome(token) {
            Some(ReportedOutcome::Succeeded { output: Some(output) }) => output,
            other => panic!("{other:?} {}", self.emulator.printed()),
        }
    }

    fn error(&self, token: &TaskToken) -> String {
        match self.outcome(token) {
            Some(ReportedOutcome::Failed { error: Some(error), .. }) => error,
            other => panic!("{other:?} {}", self.emulator.printed()),
        }
    }
}

/// Each task is reported and acknowledged by its own end, and what has no report is redelivered.
#[tokio::test]
async fn batch_of_ten_is_settled_one_by_one() {
    let file = Scratch::new();
    let layer = Layer::start("handlers.handle", &[("TASKBACK_HANDLER_SECONDS", "6")]).await;
    let doing = |what: &str| json!({ "do": what });
    let inputs = [
        json!({"do": "echo", "n": 0}),
        doing("declined"),
        doing("error"),
        json!({"do": "hang", "file": file.text()}),
        json!({"do": "echo", "n": 4}),
        doing("exit"),
        doing("kill"),
        doing("nan"),
        doing("context"),
        json!({"do": "echo", "n": 9}),
    ];
    let (answer, tokens) = layer.deliver(&inputs).await;
    let nacked: Vec<_> =
        answer["batchItemFailures"].as_array().unwrap().iter().map(|one| &one["itemIdentifier"]).collect();
    let mut nacked: Vec<_> = nacked.into_iter().map(|id| id.as_str().unwrap()).collect();
    nacked.sort_unstable();
    assert_eq!(nacked, ["2", "3", "5", "6"], "{}", layer.emulator.printed());
    for index in [0, 4, 9] {
        assert_eq!(layer.output(&tokens[index]), format!(r#"{{"do": "echo", "n": {index}}}"#));
    }
    assert_eq!(layer.error(&tokens[1]), "CardDeclined");
    assert_eq!(layer.error(&tokens[7]), "InvalidOutput");
    for index in [2, 3, 5, 6] {
        assert!(layer.outcome(&tokens[index]).is_none(), "no report, no receipt");
    }
    let seen: Value = serde_json::from_str(&layer.output(&tokens[8])).unwrap();
    assert!(seen["arn"].as_str().unwrap().ends_with(":function:orders"), "{seen}");
    let host = seen["id"].as_str().unwrap().rsplit_once('-').unwrap().0;
    assert!(layer.emulator.printed().contains(&format!("START RequestId: {host}-")), "{host}");
    // The handler printed all that it was given.
    assert_hidden(&layer.output(&tokens[8]).replace(", ", "\n"), tokens.iter().map(TaskToken::expose));
    assert_hidden(&layer.emulator.printed(), tokens.iter().map(TaskToken::expose));
    for pid in file.read().split(' ') {
        assert_dead(pid).await;
    }
}

#[tokio::test]
async fn runtime_ends_with_its_layer() {
    let layer = Layer::start("handlers.handle", &[]).await;
    let (_, tokens) = layer
        .deliver(&[json!({"do": "pid"}), json!({"do": "variable", "name": "TASKBACK_RUNTIME_API"})])
        .await;
    let pid = layer.output(&tokens[0]);
    assert_eq!(layer.output(&tokens[1]), "null", "it is for the second stage only");
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let parent = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(1).unwrap().to_owned();
    assert!(Command::new("kill").args(["-KILL", &parent]).status().unwrap().success());
    assert_dead(&pid).await;
}

/// The user's own error of the start is what Lambda shows.
#[tokio::test]
async fn failed_start_is_the_functions() {
    let layer = Layer::start("no_such_module.handle", &[]).await;
    let (answer, tokens) = layer.deliver(&[json!({"do": "echo"})]).await;
    assert_eq!(answer["errorType"], "Runtime.ImportModuleError", "{answer} {}", layer.emulator.printed());
    assert!(layer.outcome(&tokens[0]).is_none());
}

/// A wrapper that stole the event would acknowledge messages without a report.
#[tokio::test]
async fn wrapper_that_takes_the_runtime_api_is_refused() {
    let wrapper = Wrapper::new("steals", "export AWS_LAMBDA_RUNTIME_API=127.0.0.1:1", SAME);
    let layer = Layer::start("handlers.handle", &[("TASKBACK_EXEC_WRAPPER", wrapper.path())]).await;
    let (answer, tokens) = layer.deliver(&[json!({"do": "echo"})]).await;
    assert_eq!(answer["errorType"], "Taskback.StartFailed", "{answer} {}", layer.emulator.printed());
    assert!(layer.outcome(&tokens[0]).is_none());
}

/// One that puts words before ours would start the layer again in place of its second stage, and so itself, without end.
#[tokio::test]
async fn wrapper_that_inserts_words_is_refused() {
    let wrapper = Wrapper::new("inserts", "own=$1; shift", r#"exec "$own" -X importtime "$@""#);
    let layer = Layer::start("handlers.handle", &[("TASKBACK_EXEC_WRAPPER", wrapper.path())]).await;
    let (answer, tokens) = layer.deliver(&[json!({"do": "echo"})]).await;
    assert_eq!(answer["errorType"], "Taskback.StartFailed", "{answer} {}", layer.emulator.printed());
    let reason = answer["errorMessage"].as_str().unwrap();
    assert!(reason.contains("TASKBACK_EXEC_WRAPPER"), "{reason}");
    assert!(layer.outcome(&tokens[0]).is_none());
}

#[tokio::test]
async fn wrapper_that_sets_variables_is_run() {
    let wrapper = Wrapper::new("sets", "export OTEL_SERVICE_NAME=orders", SAME);
    let layer = Layer::start("handlers.handle", &[("TASKBACK_EXEC_WRAPPER", wrapper.path())]).await;
    let (answer, tokens) = layer.deliver(&[json!({"do": "variable", "name": "OTEL_SERVICE_NAME"})]).await;
    assert_eq!(answer, json!({"batchItemFailures": []}), "{}", layer.emulator.printed());
    assert_eq!(layer.output(&tokens[0]), "orders");
}

/// Extensions within the runtime ask the same address. The emulator takes them at the start only, and says so.
#[tokio::test]
async fn extension_reaches_the_host() {
    let layer = Layer::start("handlers.handle", &[]).await;
    let (_, tokens) = layer.deliver(&[json!({"do": "register extension"})]).await;
    let answer = layer.output(&tokens[0]);
    assert!(answer.starts_with("[403, ") && answer.contains("Extension.RegistrationClosed"), "{answer}");
}

/// Becomes the rest of its command line.
const SAME: &str = r#"exec "$@""#;

/// A wrapper as those of tracing layers: a script of two lines that sets a variable and becomes the runtime.
struct Wrapper(PathBuf);

impl Wrapper {
    fn new(name: &str, first: &str, second: &str) -> Self {
        let name = format!("wrapper-{}-{name}", std::process::id());
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{first}\n{second}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Wrapper {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}
