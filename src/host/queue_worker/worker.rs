use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::Message;
use taskback_core::RetryPolicy;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::config::{QueueWorkerConfig, REPORTS};
use super::message::MessageHandler;
use crate::aws::AwsError;
use crate::error::{Error, ErrorKind};
use crate::host::health::Health;
use crate::metrics::Role;
use crate::shutdown::Shutdown;
use crate::sqs::{SqsQueue, delete};
use crate::taskback::Taskback;

/// The worker of one queue, with its parts as values: see [`run_queue_worker`](crate::run_queue_worker).
///
/// ```no_run
/// use taskback::{Clients, QueueWorker, QueueWorkerConfig, Settings, Taskback};
///
/// # async fn example() -> Result<(), taskback::Error> {
/// let settings = Settings::worker_from_env()?;
/// let clients = Clients::connect(&settings).await;
/// let builder = Taskback::builder().settings(&settings).step_from_settings(&settings)?;
/// let taskback = builder.connect(&clients).await?.build()?;
///
/// let shutdown = taskback.shutdown().clone(); // `shutdown.end()` ends it
/// let config = QueueWorkerConfig::new("https://sqs.us-east-1.amazonaws.com/123456789012/tasks");
/// QueueWorker::open(taskback, clients.sqs(), config).await?.run().await;
/// # let _ = shutdown; Ok(()) }
/// ```
pub struct QueueWorker {
    taskback: Taskback,
    queue: SqsQueue,
    config: QueueWorkerConfig,
    health: Health,
}

/// With a shorter one a message would be redelivered while it is decoded.
const MIN_VISIBILITY: Duration = Duration::from_secs(3);

impl QueueWorker {
    /// Asks the queue for its attributes and starts to answer health checks. An error says what to fix; a queue
    /// that does not answer may do so later.
    pub async fn open(taskback: Taskback, client: Client, config: QueueWorkerConfig) -> Result<Self, Error> {
        let max = Duration::from_secs(11 * 3600);
        if !(Duration::from_secs(1)..=max).contains(&config.timeout) || config.wait > Duration::from_secs(20)
        {
            return Err(Error::new(ErrorKind::Usage, "the timeout is 1 s to 11 h, the wait 0 to 20 s"));
        }
        let metrics = taskback.metrics().clone();
        if config.health.is_some() {
            metrics.turn_on_for_page();
        }
        let page = move || metrics.page(Role::Worker);
        let health = Health::serve(config.health, Arc::new(page)).await?;
        let queue = match SqsQueue::open(client.clone(), &config.queue_url).await {
            Ok(queue) => queue,
            Err(refusal) if refusal.is_configuration_error() => return Err(unusable(&refusal)),
            Err(refusal) => {
                tracing::warn!(event = "queue.unavailable", %refusal, "the queue does not answer at the start");
                SqsQueue::new(client, &config.queue_url)
            }
        };
        Ok(Self { taskback, queue, config, health })
    }

    /// The deliveries after which the queue moves a message, where it said so.
    pub(crate) fn max_receives(&self) -> Option<u32> {
        self.queue.max_receives
    }

    /// Serves until [`Taskback::shutdown`] is asked to end. Receives at most as many messages as steps can begin.
    pub async fn run(self) {
        let (deletes, deleting) = delete::start(self.queue.clone());
        let handler = Arc::new(MessageHandler {
            taskback: self.taskback.clone(),
            visibility: self.queue.visibility.max(MIN_VISIBILITY),
            queue: self.queue.clone(),
            timeout: self.config.timeout,
            deletes,
        });
        let grace = tokio::spawn(end_of_grace(self.taskback.shutdown().clone(), self.config.grace));
        let mut running = JoinSet::new();
        self.receive(&handler, &mut running).await;
        tracing::info!(event = "process.ending", running = running.len(), "waiting for running messages");
        self.health.unready("ending");
        let settled = async {
            while running.join_next().await.is_some() {}
            // All messages have ended, so that the deletes end with the last one.
            drop(handler);
            // It only fails by a panic, which is logged.
            let _ = deleting.await;
        };
        let in_time = tokio::select! {
            () = settled => true,
            () = self.overdue() => false,
        };
        if !in_time {
            tracing::error!(
                event = "process.shutdown_overdue",
                running = running.len(),
                "not all messages were settled and deleted; the others are redelivered"
            );
        }
        grace.abort();
        tracing::info!(event = "process.ended", "queue worker ended");
    }

    /// Waits until the time for reports and deletes after the last step is over.
    async fn overdue(&self) {
        self.taskback.shutdown().asked_now().await;
        sleep(REPORTS).await;
    }

    async fn receive(&self, handler: &Arc<MessageHandler>, running: &mut JoinSet<()>) {
        let shutdown = self.taskback.shutdown();
        let slots = Arc::new(Semaphore::new(self.taskback.concurrency()));
        let mut failures = 0;
        while let Some(permits) = self.permits(&slots).await {
            let asked = Instant::now();
            let received = self.queue.receive(permits.len(), self.config.wait, handler.visibility).await;
            while running.try_join_next().is_some() {}
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
            if messages.is_empty() {
                self.pace(asked).await;
            }
            for (message, permit) in messages.into_iter().zip(permits) {
                let handler = Arc::clone(handler);
                if shutdown.is_ending() {
                    running.spawn(async move { handler.release_message(message, asked).await });
                } else {
                    running.spawn(run(handler, message, asked, permit));
                }
            }
        }
    }

    /// Permits for as many messages as may begin now, 1 to 10; `None` = the worker ends.
    ///
    /// A FIFO queue is asked for one message at a time: it hands out no other of the group meanwhile, so that a message
    /// that is not acknowledged blocks the rest of its group without using up their receive counts.
    async fn permits(&self, slots: &Arc<Semaphore>) -> Option<Vec<OwnedSemaphorePermit>> {
        let first = tokio::select! {
            biased;
            () = self.taskback.shutdown().ending() => return None,
            permit = Arc::clone(slots).acquire_owned() => permit.ok()?,
        };
        let mut permits = vec![first];
        let max = if self.queue.fifo { 1 } else { 10 };
        while permits.len() < max
            && let Ok(permit) = Arc::clone(slots).try_acquire_owned()
        {
            permits.push(permit);
        }
        Some(permits)
    }

    /// Waits so that an empty queue that does not hold the receive is asked once a second.
    async fn pace(&self, asked: Instant) {
        tokio::select! {
            () = sleep(Duration::from_secs(1).saturating_sub(asked.elapsed())) => {}
            () = self.taskback.shutdown().ending() => {}
        }
    }

    async fn wait_after(&self, refusal: &AwsError, failures: u32) {
        tracing::warn!(event = "queue.receive_failed", %refusal, failures, "failed to receive");
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

/// Ends the grace, which begins with the request to end, even while a receive is held.
async fn end_of_grace(shutdown: Shutdown, grace: Duration) {
    shutdown.ending().await;
    sleep(grace).await;
    shutdown.now();
}

fn unusable(refusal: &AwsError) -> Error {
    Error::new(
        ErrorKind::Unusable,
        format!("the queue cannot be used: {refusal}; check its URL, AWS_REGION and the policy"),
    )
}

async fn run(
    handler: Arc<MessageHandler>,
    message: Message,
    received: Instant,
    permit: OwnedSemaphorePermit,
) {
    handler.run(message, received).await;
    drop(permit);
}

/// Opaque but for the configuration.
impl fmt::Debug for QueueWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueWorker").field("config", &self.config).finish_non_exhaustive()
    }
}
