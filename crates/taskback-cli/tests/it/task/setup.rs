//! A waiting task of the local services, a ledger, and the command that works on both.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use taskback::ledger::{Claim, ClaimRequest, Lease, Ledger, SqlLedger, WriteResult};
use taskback::{Execution, Outcome, Service, TaskToken};
use taskback_core::swf;
use taskback_local::{Config, OpenTask, OpenedTask, Server, TaskState};

use crate::run::{Ran, at_aws, run_with_stdin, taskback};

pub(super) struct Desk {
    pub(super) server: Server,
    pub(super) opened: OpenedTask,
    ledger: String,
    aws: String,
    /// All that the commands printed.
    printed: Mutex<String>,
}

impl Desk {
    pub(super) async fn new(ledger: &str, aws: &str, service: Service) -> Self {
        let server = Server::bind(Config::default()).await.unwrap();
        let opened = server.state().open(OpenTask::new(service)).unwrap();
        Self { server, opened, ledger: ledger.into(), aws: aws.into(), printed: Mutex::default() }
    }

    /// Runs the command on another thread: the services run on this runtime.
    pub(super) async fn run(&self, args: &[&str], stdin: &str) -> Ran {
        self.run_with_log(args, stdin, "off").await
    }

    /// FnF is reached without anything of AWS.
    pub(super) async fn run_with_log(&self, args: &[&str], stdin: &str, log: &str) -> Ran {
        let is_fnf = self.opened.token.service() == Service::Fnf;
        let mut command = if is_fnf { taskback(args) } else { at_aws(args, &self.aws) };
        let endpoint = if is_fnf { "FNF_ENDPOINT" } else { "AWS_ENDPOINT_URL_SWF" };
        command.envs([
            (endpoint, &*self.server.url()),
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", "taskback-local"),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "taskback-local-secret"),
            ("TASKBACK_LEDGER", &self.ledger),
            ("RUST_LOG", log),
        ]);
        let stdin = stdin.to_owned();
        let ran = tokio::task::spawn_blocking(move || run_with_stdin(&mut command, &stdin)).await.unwrap();
        self.printed.lock().unwrap().push_str(&format!("{}{}", ran.stdout, ran.stderr));
        ran
    }

    pub(super) fn ledger(&self) -> &str {
        &self.ledger
    }

    pub(super) fn state(&self) -> TaskState {
        self.server.state().task(&self.opened.fingerprint).unwrap().state
    }

    pub(super) fn reports(&self) -> usize {
        self.server.state().task(&self.opened.fingerprint).unwrap().reports.len()
    }

    /// Neither the token nor 16 characters of it.
    pub(super) fn shows_no_token(&self) {
        let printed = self.printed.lock().unwrap();
        let token: Vec<char> = self.opened.token.expose().chars().collect();
        assert!(printed.len() > 100 && token.len() > 16);
        for part in token.windows(16) {
            let part: String = part.iter().collect();
            assert!(!printed.contains(&part), "{part} in {printed}");
        }
    }
}

/// A desk with a ledger of its own in a file.
pub(super) async fn sqlite_desk(name: &str, service: Service) -> (Desk, SqlLedger) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.db"));
    for end in ["", "-wal", "-shm"] {
        std::fs::remove_file(format!("{}{end}", path.display())).ok();
    }
    let ledger = SqlLedger::sqlite(&path);
    ledger.init().await.unwrap();
    (Desk::new(&format!("sqlite:{}", path.display()), "http://127.0.0.1:9", service).await, ledger)
}

/// Claims the task as a worker does.
pub(crate) async fn claim(ledger: &dyn Ledger, token: &TaskToken) -> Lease {
    let execution = Execution::default()
        .with_text(swf::WORKFLOW_ID, Some("order-7".into()))
        .with_text(swf::ACTIVITY_ID, Some("pay".into()));
    let input = Outcome::failed("", "").digest();
    let duration = Duration::from_secs(60);
    let request = ClaimRequest { owner: "a worker", duration, input: Some(input), execution: &execution };
    let claimed = ledger.claim(&token.fingerprint(), &request).await.unwrap();
    let Claim::Acquired(lease) = claimed.claim else { panic!("{claimed:?}") };
    lease
}

/// Decides the task's outcome, as a worker that was killed before its report.
pub(crate) async fn decide(ledger: &dyn Ledger, token: &TaskToken, outcome: &Outcome) {
    let lease = claim(ledger, token).await;
    let decided = ledger.decide(&token.fingerprint(), &lease, outcome).await;
    assert_eq!(decided, Ok(WriteResult::Applied));
}
