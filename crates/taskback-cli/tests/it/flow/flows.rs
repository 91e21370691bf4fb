//! Local services with flows, and the command connected to them.

use std::process::Command;

use aliyun_fnf::{Client, CreateFlow, Credentials, ReportTaskFailed, ReportTaskSucceeded, StartExecution};
use serde_json::Value;
use taskback_local::{Config, Server};

use crate::run::{Ran, run, taskback};

/// Local services with two flows: `pass` returns its input, `verify` sends a task to the queue `work` and waits for its
/// report.
pub(crate) struct Flows {
    server: Server,
    fnf: Client,
}

const STATES: [(&str, &str); 2] = [
    ("pass", r#"{"Type": "Pass", "Name": "pass", "End": true}"#),
    (
        "verify",
        r#"{"Type": "Task", "Name": "verify", "Action": "MNS:SendMessage", "TaskMode": "WaitForCustomCallback",
            "Timeout": 600, "End": true, "Parameters": {
                "resourceArn": "acs:mns:cn-hangzhou:1:/queues/tasks/messages",
                "message": {"taskToken.$": "$Context.Current.TaskToken", "input.$": "$Input"}}}"#,
    ),
];

impl Flows {
    pub(crate) async fn new() -> Self {
        let server = Server::bind(Config::default()).await.unwrap();
        let keys = Credentials::new("taskback-local", "taskback-local-secret");
        let fnf = Client::builder().endpoint(server.url()).credentials(keys).build().unwrap();
        for (name, state) in STATES {
            let definition = format!(
                r#"{{"Type": "StateMachine", "SpecVersion": "v1", "StartAt": "{name}", "States": [{state}]}}"#
            );
            fnf.call(CreateFlow::new(name, definition, "for tests")).await.unwrap();
        }
        Self { server, fnf }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// Starts an execution under a name that the command refuses.
    pub(crate) async fn start_as(&self, flow: &str, name: &str) {
        self.fnf.call(StartExecution::new(flow).execution_name(name)).await.unwrap();
    }

    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = taskback(&[&["flow"], args].concat());
        command.envs([
            ("FNF_ENDPOINT", &*self.server.url()),
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", "taskback-local"),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "taskback-local-secret"),
        ]);
        command
    }

    /// Runs the command on another thread: the services run on this runtime.
    pub(super) async fn run(&self, args: &[&str]) -> Ran {
        let mut command = self.command(args);
        tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap()
    }

    /// Returns exit code and output of a command that prints one JSON object.
    pub(super) async fn json(&self, args: &[&str]) -> (i32, Value) {
        let ran = self.run(&[args, &["--json"]].concat()).await;
        assert_eq!((ran.stderr.as_str(), ran.stdout.lines().count()), ("", 1), "{}", ran.stdout);
        (ran.code, serde_json::from_str(&ran.stdout).unwrap())
    }

    /// Returns the token of the only waiting task.
    pub(crate) fn token(&self) -> String {
        let messages = self.server.state().receive("tasks", 9);
        assert_eq!(messages.len(), 1);
        let body: Value = serde_json::from_str(&messages[0].body).unwrap();
        body["taskToken"].as_str().unwrap().to_owned()
    }

    pub(super) async fn succeed(&self, output: &Value) {
        self.fnf.call(ReportTaskSucceeded::new(self.token(), output.to_string())).await.unwrap();
    }

    pub(super) async fn fail(&self, error: &str, cause: &str) {
        self.fnf.call(ReportTaskFailed::new(self.token(), error).cause(cause)).await.unwrap();
    }

    /// Waits until the flow has sent its task.
    pub(crate) async fn waits(&self) {
        while self.server.state().queues().iter().all(|(_, messages)| *messages == 0) {
            tokio::task::yield_now().await;
        }
    }
}

pub(super) fn kinds(answer: &Value) -> Vec<&str> {
    answer["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect()
}
