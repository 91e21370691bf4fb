//! A running worker, and a step that waits.

use std::sync::Arc;

use taskback::{
    BoxFuture, QueueWorker, QueueWorkerConfig, Shutdown, StepError, Task, Taskback, TaskbackBuilder, aws,
};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::sqs::Sqs;
use crate::support::MINUTE;

/// A worker that runs until the end of its test.
pub(super) struct Serving {
    pub(super) shutdown: Shutdown,
    ended: JoinHandle<()>,
}

pub(super) async fn serve(sqs: &Sqs, builder: TaskbackBuilder) -> Serving {
    serve_as(sqs, builder, |how| how).await
}

pub(super) async fn serve_as(
    sqs: &Sqs,
    builder: TaskbackBuilder,
    change: impl FnOnce(QueueWorkerConfig) -> QueueWorkerConfig,
) -> Serving {
    let taskback = builder.build().unwrap();
    let shutdown = taskback.shutdown().clone();
    let worker = open(sqs, taskback, change).await.unwrap();
    Serving { shutdown, ended: tokio::spawn(worker.run()) }
}

pub(super) async fn open(
    sqs: &Sqs,
    taskback: Taskback,
    change: impl FnOnce(QueueWorkerConfig) -> QueueWorkerConfig,
) -> Result<QueueWorker, taskback::Error> {
    let client = aws_sdk_sqs::Client::new(&aws::local(&sqs.url));
    QueueWorker::open(taskback, client, change(QueueWorkerConfig::new(sqs.queue_url()))).await
}

impl Serving {
    pub(super) async fn end(self) {
        self.shutdown.end();
        timeout(MINUTE, self.ended).await.expect("it ends").unwrap();
    }
}

pub(super) type Ended = BoxFuture<'static, Result<u32, StepError>>;

/// A step that signals its start and waits until the gate opens.
pub(super) struct Gate {
    began: mpsc::UnboundedReceiver<u32>,
    open: Arc<Semaphore>,
}

impl Gate {
    pub(super) fn new() -> (Self, impl Fn(Task<u32>) -> Ended + Send + Sync + 'static) {
        let (begin, began) = mpsc::unbounded_channel();
        let open = Arc::new(Semaphore::new(0));
        let gate = Arc::clone(&open);
        let step = move |task: Task<u32>| -> Ended {
            let (begin, gate) = (begin.clone(), Arc::clone(&gate));
            Box::pin(async move {
                begin.send(task.input)?;
                gate.acquire().await?.forget();
                Ok(task.input)
            })
        };
        (Self { began, open }, step)
    }

    pub(super) async fn began(&mut self) -> u32 {
        timeout(MINUTE, self.began.recv()).await.expect("a step begins").unwrap()
    }

    pub(super) fn open(&self) {
        self.open.add_permits(1000);
    }
}
