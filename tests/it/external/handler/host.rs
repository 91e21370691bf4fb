//! The Runtime API of the host, behind that of the handler: some calls are passed on, and none of them takes an event.

use std::path::Path;

use serde_json::{Value, json};
use taskback::Service;
use taskback::testing::direct_event;
use taskback_local::{Config, OpenTask, Server};

use super::contract::words;
use crate::external::group::Scratch;
use crate::lambda::runtime_api::{RuntimeApi, ServiceResponse};
use crate::lambda::{body, function};
use crate::peers::python;
use crate::process::Process;
use crate::support::MINUTE;

struct Host {
    services: Server,
    api: RuntimeApi,
    layer: Process,
}

impl Host {
    /// The layer around a runtime with that command line, behind the words before it.
    async fn start(before: &[&str], runtime: Vec<String>, vars: &[(&str, &str)]) -> Self {
        let (services, api) = (Server::bind(Config::default()).await.unwrap(), RuntimeApi::start().await);
        let program: Vec<_> = before.iter().copied().chain([env!("CARGO_BIN_EXE_exec_wrapper")]).collect();
        let mut command = function(Path::new(program[0]), &api.address, &services.url());
        command.args(&program[1..]).args(runtime).env_remove("TASKBACK_STEP");
        let layer = Process::start(command.env("RUST_LOG", "info").envs(vars.iter().copied()));
        Self { services, api, layer }
    }

    /// Sends a task with this input.
    fn invoke(&self, id: &str, input: &Value) {
        let token = self.services.state().open(OpenTask::new(Service::Swf)).unwrap().token;
        self.api.invoke(id, &direct_event(&body(&token, input)), MINUTE);
    }

    async fn answer(&mut self, input: &Value) -> ServiceResponse {
        self.invoke("invocation", input);
        self.api.answer().await
    }

    async fn output(&mut self, input: &Value) -> Value {
        let answer = self.answer(input).await;
        assert!(!answer.failed, "{answer:?} {}", self.layer.printed());
        answer.body["output"].clone()
    }
}

/// Another spelling of a path, or another version, must not reach the host, which would hand over a batch with its
/// tokens, or take its answer.
#[tokio::test]
async fn no_spelling_takes_the_event() {
    let mut host = Host::start(&[], words(), &[]).await;
    for id in ["first", "second"] {
        host.invoke(id, &json!({"do": "other spellings", "host": id}));
    }
    for id in ["first", "second"] {
        let answer = host.api.answer().await;
        assert_eq!(answer.id, id, "{answer:?}");
        let statuses = answer.body["output"].as_array().expect(&answer.text).clone();
        assert!(statuses.len() > 5 && statuses.iter().all(|status| *status == 404), "{statuses:?}");
    }
}

/// As a runtime calls it that was in a snapshot. Nothing else of SnapStart is tried.
#[tokio::test]
async fn restore_call_reaches_the_host() {
    let mut host = Host::start(&[], words(), &[]).await;
    assert_eq!(host.output(&json!({"do": "restore"})).await, 200);
}

/// Lambda's runtimes write their log to one.
#[tokio::test]
async fn open_descriptor_is_inherited() {
    let file = Scratch::new();
    let shell = ["/bin/sh", "-c", &format!("exec 7>{}; exec \"$@\"", file.text()), "sh"];
    let mut host = Host::start(&shell, python::handler("handlers.handle"), &[]).await;
    host.output(&json!({"do": "write", "descriptor": 7})).await;
    assert_eq!(file.read(), "written");
}

#[tokio::test]
async fn trace_is_that_of_the_host() {
    let mut host = Host::start(&[], python::handler("handlers.handle"), &[]).await;
    let trace = host.output(&json!({"do": "variable", "name": "_X_AMZN_TRACE_ID"})).await;
    assert_eq!(trace, "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0");
}

/// It is not restored from a snapshot, and is not part of provisioning.
#[tokio::test]
async fn later_process_starts_on_demand() {
    let name = "AWS_LAMBDA_INITIALIZATION_TYPE";
    let provisioned = [(name, "provisioned-concurrency")];
    let mut host = Host::start(&[], python::handler("handlers.handle"), &provisioned).await;
    let variable = json!({"do": "variable", "name": name});
    assert_eq!(host.output(&variable).await, "provisioned-concurrency");
    assert!(host.answer(&json!({"do": "exit"})).await.failed);
    assert_eq!(host.output(&variable).await, "on-demand");
}
