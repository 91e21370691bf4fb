//! `start`, `stop` and `describe`, against the local services of this process.

mod describe;
mod refused;
mod start;
mod stop;

use std::process::Command;

use aliyun_fnf::{Client, CreateFlow, Credentials, ReportTaskFailed, ReportTaskSucceeded};
use serde_json::{Value, json};
use taskback_local::{Config, Server};

use crate::run::{Ran, run, taskback};

/// The local services with two flows: `pass` gives its input back, `verify` waits for a report of
/// the task that it sends to the queue `work`.
struct Flows {
    server: Server,
    fnf: Client,
}

const STATES: [(&str, &str); 2] = [
    ("pass", r#"{"Type": "Pass", "Name": "pass", "End": true}"#),
    (
        "verify",
        r#"{"Type": "Task", "Name": "verify", "Action": "MNS:SendMessage", "TaskMode": "WaitForCustomCallback",
            "Timeout": 600, "End": true, "Parameters": {
                "resourceArn": "acs:mns:cn-hangzhou:1:/queues/work/messages",
                "message": {"taskToken.$": "$Context.Current.TaskToken", "input.$": "$Input"}}}"#,
    ),
];

impl Flows {
    async fn new() -> Self {
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

    fn command(&self, args: &[&str]) -> Command {
        let mut command = taskback(args);
        command.envs([
            ("FNF_ENDPOINT", &*self.server.url()),
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", "taskback-local"),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "taskback-local-secret"),
        ]);
        command
    }

    /// Runs the command beside the services, which live on this runtime.
    async fn run(&self, args: &[&str]) -> Ran {
        let mut command = self.command(args);
        tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap()
    }

    /// The one JSON object that it prints.
    async fn json(&self, args: &[&str]) -> (i32, Value) {
        let ran = self.run(&[args, &["--json"]].concat()).await;
        assert_eq!((ran.stderr.as_str(), ran.stdout.lines().count()), ("", 1), "{}", ran.stdout);
        (ran.code, serde_json::from_str(&ran.stdout).unwrap())
    }

    /// The token of the one task that waits.
    fn token(&self) -> String {
        let messages = self.server.state().receive("work", 9);
        assert_eq!(messages.len(), 1);
        let body: Value = serde_json::from_str(&messages[0].body).unwrap();
        body["taskToken"].as_str().unwrap().to_owned()
    }

    async fn succeed(&self, output: &Value) {
        self.fnf.call(ReportTaskSucceeded::new(self.token(), output.to_string())).await.unwrap();
    }

    async fn fail(&self, error: &str, cause: &str) {
        self.fnf.call(ReportTaskFailed::new(self.token(), error).cause(cause)).await.unwrap();
    }

    /// Waits until the flow has sent its task.
    async fn waits(&self) {
        while self.server.state().queues().iter().all(|(_, messages)| *messages == 0) {
            tokio::task::yield_now().await;
        }
    }
}

fn kinds(answer: &Value) -> Vec<&str> {
    answer["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect()
}
