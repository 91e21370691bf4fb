//! A worker that receives its messages from an SQS queue: a process of its own, in a container or on a machine.
//!
//! `queue_worker URL` serves until SIGTERM or SIGINT; then running steps have 20 s to finish.

use taskback::{QueueWorkerConfig, StepError, Task};

async fn double(task: Task<u64>) -> Result<u64, StepError> {
    task.input.checked_mul(2).ok_or_else(|| StepError::terminal("TooLarge", "more than 64 bits"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("usage: queue_worker URL")?;
    let config = QueueWorkerConfig::new(url);
    taskback::run_queue_worker(double, config).await?;
    Ok(())
}
