//! Steps that are not written in Rust, and several steps in one worker.

#[cfg(target_os = "linux")]
mod children;
pub(crate) mod command;
mod failure;
pub(crate) mod group;
mod handler;
pub(crate) mod http;
mod output;
mod response;
mod router;
mod start;
mod worker;

use std::time::Duration;

use taskback::testing::Message;
use taskback::{IntoStep, Outcome, Service, Taskback};

use crate::support::{MINUTE, Rig, envelope, kept_within, token};

/// The task of every test here that needs only one task.
const TASK: &str = "task";

/// The outcome on the last delivery, where a retryable error becomes `StepFailed` with its text.
async fn reported<Shape>(step: impl IntoStep<Shape>, input: &str) -> Outcome {
    let rig = Rig::new();
    let taskback = rig.builder().max_receives(1).step(step).build().unwrap();
    assert_eq!(deliver(&taskback, input, MINUTE).await, None, "the message is done");
    let [outcome] = &rig.swf.accepted(&token(Service::Swf, TASK))[..] else {
        panic!("one outcome is reported")
    };
    outcome.clone()
}

/// The error and the cause of the reported failure.
async fn failure<Shape>(step: impl IntoStep<Shape>, input: &str) -> (String, String) {
    match reported(step, input).await {
        Outcome::Failed { error, cause } => (error, cause),
        other => panic!("{other:?}: {}", json(&other)),
    }
}

/// The output as the service receives it.
async fn output<Shape>(step: impl IntoStep<Shape>, input: &str) -> String {
    let outcome = reported(step, input).await;
    assert!(matches!(outcome, Outcome::Succeeded(_)), "{}", json(&outcome));
    json(&outcome)
}

fn json(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Succeeded(output) => output.json().to_owned(),
        Outcome::Failed { error, cause } => format!("{error}: {cause}"),
        Outcome::Canceled { details } => format!("canceled: {details}"),
        Outcome::DelegatedTo { to } => format!("delegated: {to}"),
    }
}

/// Delivers the task for the first time. Returns the message's id if it is nacked.
async fn deliver(taskback: &Taskback, input: &str, time: Duration) -> Option<String> {
    let message = Message::new(TASK, envelope(Service::Swf, TASK, input));
    kept_within(taskback, &[message], time).await.pop()
}
