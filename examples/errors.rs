//! A function whose step ends in each of the three ways: with an output, with a terminal error, with a retryable error.

use serde::{Deserialize, Serialize};
use taskback::{StepError, Task};

#[derive(Deserialize)]
struct Order {
    total: u64,
}

#[derive(Serialize)]
struct Approved {
    total: u64,
}

async fn approve(task: Task<Order>) -> Result<Approved, StepError> {
    // Retryable: with `?` any error becomes one. Nothing is reported, the message is redelivered and the step runs
    // again; on the last delivery (`TASKBACK_MAX_RECEIVES`) the workflow gets the failure `StepFailed`.
    let limit: u64 = std::fs::read_to_string("limit.txt")?.trim().parse()?;

    // Terminal: the workflow gets this failure at once, and the message is deleted.
    if task.input.total > limit {
        return Err(StepError::terminal("TooExpensive", format!("more than {limit}")));
    }

    // An input that is not an `Order` never comes this far: its task fails as `InvalidInput`.
    Ok(Approved { total: task.input.total })
}

#[tokio::main]
async fn main() -> Result<(), taskback::Error> {
    taskback::run(approve).await
}
