//! A function whose step shows its progress, and stops when it should.
//!
//! Both need heartbeats, which SWF has and FnF has not: with each of them SWF gets the latest progress, and says whether
//! the workflow asks for cancellation.

use std::time::Duration;

use taskback::{Cancellation, StepError, StepOutput, Task};

/// Imports rows, one after the other.
async fn import(task: Task<Vec<String>>) -> Result<StepOutput, StepError> {
    let total = task.input.len();
    for (done, row) in task.input.iter().enumerate() {
        task.progress(format!("{done} of {total} rows"));
        tokio::select! {
            reason = task.cancelled() => return stop(reason, done),
            result = save(row) => result?,
        }
    }
    StepOutput::succeeded(&total)
}

/// Clean up here. Only a request of the workflow can end the task as canceled; after every other reason the message is
/// redelivered, or the task is not ours any more.
fn stop(reason: Cancellation, done: usize) -> Result<StepOutput, StepError> {
    match reason {
        Cancellation::Requested => Ok(StepOutput::Canceled { details: format!("after {done} rows") }),
        other => Err(StepError::retryable(format!("stopped after {done} rows: {other:?}"))),
    }
}

/// Stands for a slow call of a database.
async fn save(_row: &str) -> Result<(), std::io::Error> {
    tokio::time::sleep(Duration::from_millis(100)).await;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), taskback::Error> {
    taskback::run(import).await
}
