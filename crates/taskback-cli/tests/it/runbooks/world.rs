//! An operator's shell, with a stack at moto and the local services in place of the accounts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard};

use serde_json::{Value, json};
use taskback::ledger::DynamoDb;
use taskback::{Service, TaskToken};
use taskback_local::{Config, OpenTask, OpenedTask, Server};

use super::commands::{Expected, ROWS, Row};
use super::programs;
use crate::process::Process;
use crate::python::{self, Moto};
use crate::run::at_aws;
use crate::serve::setup::stop;

pub(super) struct World {
    pub(super) moto: Moto,
    pub(super) local: Server,
    /// The folder of the shell, which is emptied at the start.
    pub(super) folder: PathBuf,
    resources: BTreeMap<String, String>,
    session: Mutex<Session>,
}

/// What the commands did so far.
#[derive(Default)]
pub(super) struct Session {
    /// The lines that export a variable.
    pub(super) exports: Vec<String>,
    printed: String,
    ran: BTreeSet<(&'static str, &'static str)>,
    tokens: Vec<TaskToken>,
}

impl Session {
    /// Adds what a process printed that is not a command of the page.
    pub(super) fn print(&mut self, printed: &str) {
        self.printed += printed;
    }
}

impl World {
    pub(super) async fn new() -> Self {
        let moto = Moto::start().await;
        let stack = python::run("runbook_stack.py", &["--endpoint", &moto.url], "").await.remove(0);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("runbooks");
        // It is absent in the first run.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("bin")).unwrap();
        programs::write_aws(&folder.join("bin"));
        let local = Server::bind(Config::default()).await.unwrap();
        let resources = serde_json::from_value(stack).unwrap();
        Self { moto, local, folder, resources, session: Mutex::default() }
    }

    /// The physical id of a resource of the stack; of a queue its URL at moto.
    pub(super) fn resource(&self, name: &str) -> String {
        let id = &self.resources[name];
        let path = id.strip_prefix("https://sqs.us-east-1.amazonaws.com");
        path.map_or_else(|| id.clone(), |path| self.moto.url.clone() + path)
    }

    pub(super) fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap()
    }

    /// Opens a task at the local services.
    pub(super) fn open(&self, task: OpenTask) -> OpenedTask {
        let opened = self.local.state().open(task).unwrap();
        self.hide(opened.token.clone());
        opened
    }

    /// Adds a token that no command may print.
    pub(super) fn hide(&self, token: TaskToken) {
        self.session().tokens.push(token);
    }

    /// The workers' ledger.
    pub(super) fn ledger(&self) -> DynamoDb {
        let client = aws_sdk_dynamodb::Client::new(&taskback::aws::local(&self.moto.url));
        DynamoDb::new(client, self.resource("LedgerTable"))
    }

    pub(super) fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&taskback::aws::local(&self.moto.url))
    }

    /// Sends the message of a task.
    pub(super) async fn send(&self, queue: &str, task: &OpenedTask) {
        let ids = task.activity.as_ref().map(|activity| {
            json!({
                "domain": activity.domain, "workflowId": activity.workflow_id, "runId": activity.run_id,
                "activityId": activity.activity_id, "startedEventId": activity.started_event_id,
            })
        });
        let body = json!({
            "service": "swf", "taskToken": task.token.expose(), "execution": ids,
            "input": {"cardNumber": "4111 1111 1111 1111"},
        });
        let send = self.sqs().send_message().queue_url(queue).message_body(body.to_string());
        send.send().await.unwrap();
    }

    /// A worker of the stack's queue, with another value of some variables. It runs until `Self::stop`.
    pub(super) fn worker(&self, vars: &[(&str, &str)]) -> Process {
        let mut command =
            at_aws(&["work", "--wait", "1", "--queue-url", &self.resource("Tasks")], &self.moto.url);
        command.env("AWS_ENDPOINT_URL_SWF", self.local.url()).env("TASKBACK_STEP", "verify-card");
        command.env("TASKBACK_LEDGER", format!("dynamodb:{}", self.resource("LedgerTable")));
        Process::start(command.envs(vars.iter().copied()))
    }

    /// Ends a process by SIGTERM, and returns what it printed.
    pub(super) async fn stop(&self, process: Process) -> String {
        let printed = stop(process).await;
        self.session().print(&printed);
        printed
    }

    /// Marks a command as run, with what it printed.
    pub(super) fn checked(&self, row: &'static Row, code: Option<i32>, printed: &str) {
        let mut session = self.session();
        session.ran.insert((row.section, row.command));
        session.printed += printed;
        let (expected, part, note) = match row.expected {
            Expected::Ends(expected, part) => (expected, part, ""),
            Expected::Partly(expected, part, note) => (expected, part, note),
            Expected::NotRun(reason) => panic!("{} is not run: {reason}", row.command),
        };
        let has_part = if part.is_empty() { printed.is_empty() } else { printed.contains(part) };
        assert!(
            code == Some(expected) && has_part,
            "{}: {}\n{note}\nended with {code:?}, expected {expected} and {part:?}\n{printed}",
            row.section,
            row.command
        );
    }

    /// Every command was run that can be, and none printed a token.
    pub(super) fn is_complete(&self) {
        let session = self.session();
        let rows = ROWS.iter().filter(|row| !matches!(row.expected, Expected::NotRun(_)));
        let missing: Vec<_> =
            rows.map(|row| (row.section, row.command)).filter(|row| !session.ran.contains(row)).collect();
        assert!(missing.is_empty(), "in the table and not run: {missing:#?}");
        let services: BTreeSet<_> = session.tokens.iter().map(|token| token.service().name()).collect();
        assert_eq!(services.len(), Service::ALL.len(), "a token of each service");
        for token in &session.tokens {
            let token: Vec<char> = token.expose().chars().collect();
            for part in token.windows(16).map(|part| part.iter().collect::<String>()) {
                assert!(!session.printed.contains(&part), "{part} of a token was printed");
            }
        }
    }

    /// The environment of an operator: `aws` has moto, `taskback` also the local services, both by the keys of `Config`.
    pub(super) fn shell(&self, lines: &str, is_taskback: bool) -> Command {
        let path = [
            self.folder.join("bin"),
            Path::new(env!("CARGO_BIN_EXE_taskback")).parent().unwrap().to_owned(),
            "/usr/bin".into(),
            "/bin".into(),
        ];
        let url = self.local.url();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", lines]).env_clear().current_dir(&self.folder);
        command.env("PATH", std::env::join_paths(path).unwrap());
        command.envs([
            ("AWS_ENDPOINT_URL", &*self.moto.url),
            ("AWS_REGION", "us-east-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "taskback-local"),
            ("AWS_SECRET_ACCESS_KEY", "taskback-local-secret"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", "taskback-local"),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "taskback-local-secret"),
            ("FNF_ENDPOINT", &url),
            ("PYTHONDONTWRITEBYTECODE", "1"),
        ]);
        if is_taskback {
            let names = ["AWS_ENDPOINT_URL_SWF", "AWS_ENDPOINT_URL_SFN", "AWS_ENDPOINT_URL_LAMBDA"];
            command.envs(names.map(|name| (name, &*url)));
        }
        command
    }
}

/// A member of the JSON that a command printed.
pub(super) fn member(printed: &str, pointer: &str) -> String {
    let printed: Value = serde_json::from_str(printed).unwrap_or_else(|error| panic!("{error}: {printed}"));
    let found = printed.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("{pointer} in {printed}")).to_owned()
}
