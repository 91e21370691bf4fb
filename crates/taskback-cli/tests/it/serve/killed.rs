//! SIGKILL at each point between two calls. docs/deploy/containers.md has the table of the results.

use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use taskback_local::{Config, OpenTask, OpenedTask, Server, TaskState, TaskView};
use tokio::time::{sleep, timeout};

use super::deaf::{Deaf, Unanswered};
use super::setup::{GOOD, MINUTE, Setup, stop};
use crate::process::Process;
use taskback::Service;

const LIST: [&str; 7] = ["poll", "--domain", "taskback", "--task-list", "taskback", "--pollers", "1"];

/// A queue at moto, and SWF at the local services.
struct KillTest {
    setup: Setup,
    local: Server,
    task: OpenedTask,
}

impl KillTest {
    async fn new(timeout: Option<Duration>) -> Self {
        let (setup, local) =
            (Setup::new(&[GOOD], "tasks").await, Server::bind(Config::default()).await.unwrap());
        let task = OpenTask { timeout, input: GOOD.to_owned(), ..OpenTask::new(Service::Swf) };
        let task = local.state().open(task).unwrap();
        Self { setup, local, task }
    }

    /// Starts a command with SQS at that URL.
    fn start(&self, mut command: Command, sqs: &str) -> Process {
        let urls = [("AWS_ENDPOINT_URL_SWF", &*self.local.url()), ("AWS_ENDPOINT_URL_SQS", sqs)];
        Process::start(command.envs(urls))
    }

    fn task(&self) -> TaskView {
        self.local.state().task(&self.task.fingerprint).unwrap()
    }

    fn accepted(&self) -> usize {
        self.task().reports.iter().filter(|report| report.accepted).count()
    }

    async fn until(&self, what: &str, condition: impl Fn(&TaskView) -> bool) {
        let reached = async {
            while !condition(&self.task()) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        assert!(timeout(MINUTE, reached).await.is_ok(), "{what}: {:?}", self.task());
    }

    /// Sends the task's message like the poller.
    async fn send(&self) {
        let body = json!({"service": "swf", "taskToken": self.task.token.expose(), "input": {"cardNumber": "4111 1111 1111 1111"}});
        self.setup.send(&body.to_string()).await;
    }

    /// Another worker processes the message and deletes it.
    async fn settles(&self) {
        let worker = self.start(self.setup.work(), &self.setup.moto.url);
        self.setup.empty(&worker).await;
        stop(worker).await;
        assert_eq!((self.task().state, self.accepted()), (TaskState::Succeeded, 1));
    }
}

async fn called(deaf: &Deaf, process: &Process) {
    let called = async {
        while deaf.calls.load(Ordering::SeqCst) == 0 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(timeout(MINUTE, called).await.is_ok(), "{}", process.printed());
}

/// SWF does not hand the task out again, so its own timeout ends it.
#[tokio::test]
async fn poller_killed_before_send_leaves_timeout() {
    let test = KillTest::new(Some(Duration::from_secs(2))).await;
    let deaf = Deaf::to("SendMessage", 0, Unanswered::Dropped, &test.setup.moto.url).await;
    let poller = test.start(test.setup.command(&LIST), &deaf.url);
    called(&deaf, &poller).await;
    let _ = poller.kill().await; // its output is not needed
    assert_eq!((test.setup.messages().await, test.task().reports.len()), (0, 0));
    test.until("timed out", |task| task.state == TaskState::TimedOut).await;
}

#[tokio::test]
async fn poller_killed_after_send_loses_nothing() {
    let test = KillTest::new(None).await;
    let deaf = Deaf::to("SendMessage", 0, Unanswered::Forwarded, &test.setup.moto.url).await;
    let poller = test.start(test.setup.command(&LIST), &deaf.url);
    called(&deaf, &poller).await;
    let sent = async {
        while test.setup.messages().await == 0 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(timeout(MINUTE, sent).await.is_ok(), "{}", poller.printed());
    let _ = poller.kill().await; // its output is not needed
    assert_eq!(test.task().reports.len(), 0);
    test.settles().await;
}

/// The outcome is recorded at SWF, so the next delivery changes nothing, although its step runs again.
#[tokio::test]
async fn worker_killed_before_delete_changes_nothing() {
    let test = KillTest::new(None).await;
    test.send().await;
    let deaf = Deaf::to("DeleteMessageBatch", 0, Unanswered::Dropped, &test.setup.moto.url).await;
    let worker = test.start(test.setup.work(), &deaf.url);
    called(&deaf, &worker).await;
    let _ = worker.kill().await; // its output is not needed
    assert_eq!(
        (test.task().state, test.accepted(), test.setup.messages().await),
        (TaskState::Succeeded, 1, 1)
    );
    test.settles().await;
}

#[tokio::test]
async fn worker_killed_in_step_reports_nothing() {
    let test = KillTest::new(None).await;
    test.send().await;
    let mut command = test.setup.work();
    command.env("TASKBACK_STEP", r#"command:["/bin/sh", "-c", "echo began >&2; exec sleep 60"]"#);
    let sqs = Deaf::to("ReceiveMessage", 1, Unanswered::Dropped, &test.setup.moto.url).await;
    let worker = test.start(command, &sqs.url);
    called(&sqs, &worker).await;
    // The message is received, so its step begins.
    let received = async {
        while sqs.calls.load(Ordering::SeqCst) < 2 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(timeout(MINUTE, received).await.is_ok(), "{}", worker.printed());
    let _ = worker.kill().await; // its output is not needed
    assert_eq!((test.task().reports.len(), test.setup.messages().await), (0, 1));
    test.settles().await;
}

/// SWF accepts the report, and the response is lost with the process.
#[tokio::test]
async fn worker_killed_before_receipt_changes_nothing() {
    let test = KillTest::new(None).await;
    test.send().await;
    let swf = Deaf::to("RespondActivityTask", 0, Unanswered::Forwarded, &test.local.url()).await;
    let mut command = test.setup.work();
    command.env("AWS_ENDPOINT_URL_SWF", &swf.url).env("AWS_ENDPOINT_URL_SQS", &test.setup.moto.url);
    let worker = Process::start(&mut command);
    test.until("accepted", |task| task.state == TaskState::Succeeded).await;
    let _ = worker.kill().await; // its output is not needed
    assert_eq!(test.setup.messages().await, 1);
    test.settles().await;
}
