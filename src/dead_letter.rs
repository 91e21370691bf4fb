//! The step of the dead-letter handler, which reports every task that still waits as failed.

use serde_json::value::RawValue;
use taskback_core::DEAD_LETTERED;

use crate::step::{IntoStep, StepError, Task};

/// The error of a handler that has a ledger of its own.
pub(crate) const NEEDS_SHARED: &str = "dead letters need the ledger of the workers, or a decided outcome could be \
                                       overwritten: set TASKBACK_LEDGER to the same shared store on both, such as dynamodb:TABLE or mysql://…";

/// Decides the failure `DeadLettered`, whose cause says how often the message was delivered and
/// whether the step ever began.
pub(crate) fn step() -> impl IntoStep<fn(Box<RawValue>) -> Result<(), StepError>> {
    async |task: Task<Box<RawValue>>| Err::<(), _>(StepError::terminal(DEAD_LETTERED, cause(&task)))
}

fn cause(task: &Task<Box<RawValue>>) -> String {
    let deliveries = match task.attempt() {
        Some(count) => format!("received {count} times"),
        None => "received an unknown number of times".to_owned(),
    };
    let step = match task.claim() {
        Some(1) => "the step never ran",
        Some(_) => "the step ran without an outcome",
        None => "whether the step ran is unknown",
    };
    format!("the message reached the dead-letter queue: {deliveries}, {step}")
}
