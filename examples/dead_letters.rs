//! A worker and the handler of its dead letters, in one process.
//!
//! A message that was delivered too often reaches the dead-letter queue, while its workflow still waits. The handler
//! reports its recorded outcome, or else the failure `DeadLettered`, so that no workflow waits in silence.
//!
//! The two share a ledger in memory, which ends with the process. Handlers in processes of their own share a table
//! instead: see `examples/own-function`.
//!
//! `dead_letters QUEUE DEAD_LETTER_QUEUE` serves both queues until SIGINT.

use std::error::Error;
use std::sync::Arc;

use taskback::ledger::Memory;
use taskback::{Clients, QueueWorker, QueueWorkerConfig, Settings, StepError, Task, Taskback};

/// A step that never works out: its errors are retryable.
async fn ship(_: Task<u64>) -> Result<(), StepError> {
    Err(StepError::retryable("the warehouse does not answer"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    taskback::log::init();
    let mut urls = std::env::args().skip(1);
    let (Some(queue), Some(dead_letter_queue)) = (urls.next(), urls.next()) else {
        return Err("usage: dead_letters QUEUE DEAD_LETTER_QUEUE".into());
    };
    let settings = Settings::from_env()?;
    let clients = Clients::connect(&settings).await;
    let ledger = Arc::new(Memory::default().shared());

    let builder = Taskback::builder().settings(&settings).ledger(ledger.clone()).step(ship);
    let worker = builder.connect(&clients).await?.build()?;
    let builder = Taskback::builder().settings(&settings).ledger(ledger).dead_letters();
    let handler = builder.connect(&clients).await?.build()?;

    let (ends, handler_ends) = (worker.shutdown().clone(), handler.shutdown().clone());
    let worker = QueueWorker::open(worker, clients.sqs(), QueueWorkerConfig::new(queue)).await?;
    let handler =
        QueueWorker::open(handler, clients.sqs(), QueueWorkerConfig::new(dead_letter_queue)).await?;
    tokio::join!(worker.run(), handler.run(), async {
        if tokio::signal::ctrl_c().await.is_ok() {
            ends.end();
            handler_ends.end();
        }
    });
    Ok(())
}
