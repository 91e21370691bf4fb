//! The examples, each as the process that cargo built, against the local services.

mod functions;
mod queues;

/// An example with tests of its own.
#[expect(dead_code, reason = "its main is for its own process")]
#[path = "../../examples/test_a_step.rs"]
mod test_a_step;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use taskback::testing::{Message, direct_event, sqs_event};
use taskback::{Service, TaskToken};
use taskback_local::{Config, OpenTask, ReportedOutcome, Server};

use crate::lambda::function;
use crate::lambda::runtime_api::RuntimeApi;
use crate::process::Process;
use crate::support::MINUTE;

/// An example that cargo built beside the worker.
fn built(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_worker")).with_file_name("examples").join(name);
    assert!(path.exists(), "{} is not built: run tests/run, or cargo build --example {name}", path.display());
    path
}

/// An example that runs as a function.
struct Function {
    services: Server,
    api: RuntimeApi,
    process: Process,
}

impl Function {
    async fn start(name: &str) -> Self {
        Self::start_with(name, |command| command).await
    }

    async fn start_with(name: &str, change: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let services = Server::bind(Config::default()).await.unwrap();
        let api = RuntimeApi::start().await;
        let process = Process::start(change(&mut function(&built(name), &api.address, &services.url())));
        Self { services, api, process }
    }

    fn open(&self, service: Service) -> TaskToken {
        self.services.state().open(OpenTask::new(service)).unwrap().token
    }

    /// Opens a task of SWF, delivers it with that input, and returns its outcome.
    async fn outcome(&mut self, input: Value) -> Option<ReportedOutcome> {
        let token = self.open(Service::Swf);
        self.deliver(&token, &input).await;
        outcome(&self.services, &token)
    }

    /// Delivers a task in a message, and returns whether that will be redelivered.
    async fn deliver(&mut self, token: &TaskToken, input: &Value) -> bool {
        self.batch(&body(token, input)).await
    }

    async fn batch(&mut self, body: &str) -> bool {
        self.api.invoke("batch", &sqs_event(&[Message::new("m", body)]), MINUTE);
        let answer = self.api.answer().await;
        assert!(!answer.failed, "{answer:?} {}", self.process.printed());
        answer.body != json!({"batchItemFailures": []})
    }

    /// Delivers a task by a direct invocation, and returns the response.
    async fn invoke(&mut self, token: &TaskToken, input: &Value) -> Value {
        self.api.invoke("direct", &direct_event(&body(token, input)), MINUTE);
        let answer = self.api.answer().await;
        assert!(!answer.failed, "{answer:?} {}", self.process.printed());
        answer.body
    }
}

fn body(token: &TaskToken, input: &Value) -> String {
    json!({"service": token.service().name(), "taskToken": token.expose(), "input": input}).to_string()
}

fn outcome(services: &Server, token: &TaskToken) -> Option<ReportedOutcome> {
    services.state().task(&token.fingerprint().hex()).unwrap().outcome
}

fn succeeded(output: &Value) -> Option<ReportedOutcome> {
    Some(ReportedOutcome::Succeeded { output: Some(output.to_string()) })
}

fn failed(error: &str, cause: &str) -> Option<ReportedOutcome> {
    Some(ReportedOutcome::Failed { error: Some(error.to_owned()), cause: Some(cause.to_owned()) })
}
