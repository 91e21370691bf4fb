use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::Message;
use taskback_core::RetryPolicy;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::message::Line;
use super::{Work, deletes};
use crate::aws::Refusal;
use crate::queue::QueueAt;
use crate::runtime::health::Health;
use crate::{Error, Shutdown, Taskback};

/// What serves a queue, with its parts as values: see [`work`](crate::work).
pub struct QueueWorker {
    taskback: Taskback,
    queue: QueueAt,
    how: Work,
    health: Health,
}

/// Shorter, and a message would come back while it is looked at.
const SHORTEST_VISIBILITY: Duration = Duration::from_secs(3);
/// How long reports may go on once all steps are over.
const REPORTS: Duration = Duration::from_secs(8);

impl QueueWorker {
    /// Asks the queue what it is and starts to answer for its health; an error says what to mend.
    pub async fn open(taskback: Taskback, client: Client, how: Work) -> Result<Self, Error> {
        let most = Duration::from_secs(11 * 3600);
        if !(Duration::from_secs(1)..=most).contains(&how.timeout) || how.wait > Duration::from_secs(20) {
            return Err(Error::new("the timeout is 1 s to 11 h, the wait 0 to 20 s"));
        }
        let health = Health::serve(how.health).await?;
        let queue = QueueAt::open(client, &how.queue_url).await.map_err(|refusal| unusable(&refusal))?;
        Ok(Self { taskback, queue, how, health })
    }

    /// Serves until [`Taskback::shutdown`] is asked to end. Never more messages are received than
    /// there are steps free to begin.
    pub async fn run(self) {
        tracing::info!(runtime = "queue", version = env!("CARGO_PKG_VERSION"), "taskback serves");
        let (deletes, deleting) = deletes::start(self.queue.clone());
        let line = Arc::new(Line {
            taskback: self.taskback.clone(),
            visibility: self.queue.visibility.max(SHORTEST_VISIBILITY),
            queue: self.queue.clone(),
            timeout: self.how.timeout,
            deletes,
        });
        let ending = tokio::spawn(end_of_grace(self.taskback.shutdown().clone(), self.how.grace));
        let mut running = JoinSet::new();
        self.receive(&line, &mut running).await;
        tracing::info!(running = running.len(), "ending");
        self.health.unready("ending");
        let settled = async {
            ended(&mut running).await;
            // The last message has ended, so that this ends with the last delete.
            drop(line);
            drop(deleting.await);
        };
        let in_time = tokio::select! {
            () = settled => true,
            () = self.overdue() => false,
        };
        if !in_time {
            tracing::error!(running = running.len(), "not all settled and deleted; what is left comes back");
        }
        ending.abort();
        tracing::info!("ended");
    }

    /// When reports and deletes have had their time after the last step.
    async fn overdue(&self) {
        self.taskback.shutdown().asked_now().await;
        sleep(REPORTS).await;
    }

    async fn receive(&self, line: &Arc<Line>, running: &mut JoinSet<()>) {
        let shutdown = self.taskback.shutdown();
        let slots = Arc::new(Semaphore::new(self.taskback.concurrency()));
        let mut failures = 0;
        while let Some(room) = self.room(&slots).await {
            let received = self.queue.receive(room.len(), self.how.wait, line.visibility).await;
            reap(running);
            let messages = match received {
                Ok(messages) => messages,
                Err(refusal) => {
                    failures += 1;
                    self.wait_after(&refusal, failures).await;
                    continue;
                }
            };
            failures = 0;
            self.health.ready();
            for (message, slot) in messages.into_iter().zip(room) {
                let line = Arc::clone(line);
                match shutdown.is_ending() {
                    true => running.spawn(async move { line.give_up(message).await }),
                    false => running.spawn(run(line, message, slot)),
                };
            }
        }
    }

    /// Room for as many messages as may begin now, 1 to 10; `None` = no more.
    ///
    /// Of a FIFO queue one message at a time: it hands out no other of its group meanwhile, so that one
    /// that is kept holds up the rest without using up their receive counts.
    async fn room(&self, slots: &Arc<Semaphore>) -> Option<Vec<OwnedSemaphorePermit>> {
        let first = tokio::select! {
            biased;
            () = self.taskback.shutdown().ending() => return None,
            slot = Arc::clone(slots).acquire_owned() => slot.ok()?,
        };
        let mut room = vec![first];
        let most = if self.queue.fifo { 1 } else { 10 };
        while room.len() < most
            && let Ok(slot) = Arc::clone(slots).try_acquire_owned()
        {
            room.push(slot);
        }
        Some(room)
    }

    async fn wait_after(&self, refusal: &Refusal, failures: u32) {
        tracing::warn!(%refusal, failures, "nothing received");
        self.health.unready(&refusal.to_string());
        let policy = RetryPolicy {
            base: Duration::from_secs(1),
            cap: Duration::from_secs(30),
            ..RetryPolicy::default()
        };
        tokio::select! {
            () = sleep(policy.jittered(failures, 0.5 + fastrand::f64() / 2.0)) => {}
            () = self.taskback.shutdown().ending() => {}
        }
    }
}

/// From the time when the end was asked for, whatever is still being received.
async fn end_of_grace(shutdown: Shutdown, grace: Duration) {
    shutdown.ending().await;
    sleep(grace).await;
    shutdown.now();
}

fn unusable(refusal: &Refusal) -> Error {
    Error::new(format!("the queue cannot be used: {refusal}; check its URL, AWS_REGION and the policy"))
}

async fn run(line: Arc<Line>, message: Message, slot: OwnedSemaphorePermit) {
    line.run(message).await;
    drop(slot);
}

/// What ended by a panic is said so by its place; its message comes back.
fn reap(running: &mut JoinSet<()>) {
    while running.try_join_next().is_some() {}
}

async fn ended(running: &mut JoinSet<()>) {
    while running.join_next().await.is_some() {}
}
