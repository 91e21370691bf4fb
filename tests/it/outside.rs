//! Steps that are not Rust, and several steps in one worker.

mod command;
mod group;
mod http;
mod router;
mod worker;

use std::time::Duration;

use taskback::core::{Outcome, Service};
use taskback::testing::Message;
use taskback::{IntoStep, Taskback};

use crate::support::{MINUTE, Rig, envelope, kept_within, token};

/// The task of every test here that needs only one.
const TASK: &str = "task";

/// What the workflow is told on the last delivery, so that an error to be tried again is seen as
/// `StepFailed` with its text.
async fn told<Shape>(step: impl IntoStep<Shape>, input: &str) -> Outcome {
    let rig = Rig::new();
    let taskback = rig.builder().max_receives(1).step(step).build().unwrap();
    assert_eq!(deliver(&taskback, input, MINUTE).await, None, "the message is done");
    let [outcome] = &rig.swf.accepted(&token(Service::Swf, TASK))[..] else { panic!("one outcome is told") };
    outcome.clone()
}

/// Error and cause.
async fn failure<Shape>(step: impl IntoStep<Shape>, input: &str) -> (String, String) {
    match told(step, input).await {
        Outcome::Failed { error, cause } => (error, cause),
        other => panic!("{other:?}: {}", json(&other)),
    }
}

/// The output, as the service gets it.
async fn output<Shape>(step: impl IntoStep<Shape>, input: &str) -> String {
    let outcome = told(step, input).await;
    assert!(matches!(outcome, Outcome::Succeeded(_)), "{}", json(&outcome));
    json(&outcome)
}

fn json(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Succeeded(output) => output.json().to_owned(),
        Outcome::Failed { error, cause } => format!("{error}: {cause}"),
        Outcome::Canceled { details } => format!("canceled: {details}"),
        Outcome::Delegated { to } => format!("delegated: {to}"),
    }
}

/// Delivers the task for the first time; gives its id where it is kept.
async fn deliver(taskback: &Taskback, input: &str, time: Duration) -> Option<String> {
    let message = Message::new(TASK, envelope(Service::Swf, TASK, input));
    kept_within(taskback, &[message], time).await.pop()
}
