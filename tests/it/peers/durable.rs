//! Durable executions in AWS's own local runner, whose function sends its callback ids to a queue in moto.
//!
//! The runner's answers get an id of the request on their way, as the service's own have. What the runner gets wrong about
//! closed callbacks is not taken for right: only ends of executions are compared.

use std::time::Duration;

use serde_json::{Value, json};
use taskback::examples::{Card, Verified, verify_card};
use taskback::{
    ClosedBy, ClosedByRequest, Durable, MessageFormat, Outcome, Output, QueueWorker, QueueWorkerConfig,
    Reporter, Services, StepError, Task, Taskback, aws,
};
use tokio::time::{sleep, timeout};

use super::python::{self, Moto};
use crate::process::Process;
use crate::support::MINUTE;

#[tokio::test]
async fn durable_executions_end_by_the_worker() {
    let moto = Moto::start().await;
    let mut runner = Process::start(python::script("durable_function.py").args(["--sqs", &moto.url]));
    let started = json_line(&mut runner, "queueUrl").await;
    let durable = Durable::local(started["endpoint"].as_str().unwrap()).unwrap();
    let services = Services::default().with(durable.clone());
    let builder = Taskback::builder().step(patient).services(services);
    let taskback = builder.heartbeat(Duration::from_millis(300)).build().unwrap();
    let shutdown = taskback.shutdown().clone();
    let queue = started["queueUrl"].as_str().unwrap();
    let config = QueueWorkerConfig { wait: Duration::from_secs(1), ..QueueWorkerConfig::new(queue) };
    let sqs = aws_sdk_sqs::Client::new(&aws::local(&moto.url));
    let worker = tokio::spawn(QueueWorker::open(taskback, sqs, config).await.unwrap().run());

    let ended = json_line(&mut runner, "ended").await;
    let verified = json!({"cardNumber": "**** **** **** 1111", "valid": true});
    for name in ["success", "heartbeat"] {
        let execution = &ended["ended"][name];
        assert_eq!(execution["status"], "SUCCEEDED", "{execution}");
        assert_eq!(parsed(&execution["result"]), verified, "{name}");
    }
    let failure = &ended["ended"]["failure"];
    assert_eq!(failure["status"], "FAILED", "{failure}");
    // The function sees an error of its SDK, so the message names ours.
    let message = failure["error"]["ErrorMessage"].as_str().unwrap();
    let cause = message.strip_prefix("CardDeclined: ").unwrap_or_else(|| panic!("{failure}"));

    let succeeded = Outcome::Succeeded(Output::new(&verified).unwrap());
    let failed = Outcome::failed("CardDeclined", cause);
    for (name, outcome, closed_by) in [
        ("success", &succeeded, Some(ClosedBy::Us)),
        ("success", &failed, Some(ClosedBy::Other)),
        ("failure", &failed, Some(ClosedBy::Us)),
        ("failure", &succeeded, Some(ClosedBy::Other)),
        // The runner says of every error that it is cut.
        ("failure", &Outcome::failed("Other", ""), None),
    ] {
        let message = ended["ended"][name]["task"].as_str().unwrap();
        let task = MessageFormat::default().task(message).unwrap();
        let found = durable.closed_by(ClosedByRequest { task: &task, outcome }).await;
        assert_eq!(found, closed_by, "{name}");
    }

    shutdown.end();
    timeout(MINUTE, worker).await.expect("it ends").unwrap();
}

/// Longer than the heartbeat timeout of one of the callbacks.
async fn patient(task: Task<Card>) -> Result<Verified, StepError> {
    sleep(Duration::from_secs(8)).await;
    verify_card(task).await
}

async fn json_line(process: &mut Process, with: &str) -> Value {
    let line = process.line(with).await;
    serde_json::from_str(&line).unwrap()
}

fn parsed(text: &Value) -> Value {
    serde_json::from_str(text.as_str().unwrap()).unwrap()
}
