use std::fmt;
use std::time::Duration;

use taskback_core::{NOT_QUEUED, Outcome, RawTask, RetryPolicy};
use tokio::time::Instant;

use super::config::{PolledTasks, PollerConfig};
use super::limits::{HAND_OVER, MIN_TIME_FOR_POLL};
use super::poll_result::PollResult;
use super::sending::{self, Enqueued};
use super::source::{Polled, TaskIds, TaskSource};
use crate::aws::{AwsError, Clients};
use crate::delivery::Delivery;
use crate::error::{Error, ErrorKind};
use crate::metrics::{Count, Metrics};
use crate::report::{Report, Reports, report_with_retry};
use crate::sqs::SqsQueue;
use crate::task_labels::TaskLabels;

/// Polls a task list of SWF or an activity of Step Functions, and puts every task into a queue, as an envelope.
///
/// A task that was polled is never dropped in silence. Where every send was certainly refused it is failed at its
/// service as `NotQueued`. Where a send was never confirmed its message may be in the queue: the task is left to that
/// message, or to its own timeout, and an ERROR names its ids, as it does for a task that could neither be queued nor
/// failed.
///
/// ```no_run
/// use taskback::settings::{PolledTasks, PollerConfig};
/// use taskback::{Clients, Poller, Settings, Shutdown};
///
/// # async fn example() -> Result<(), taskback::Error> {
/// let clients = Clients::connect(&Settings::from_env()?).await;
/// let queue = "https://sqs.us-east-1.amazonaws.com/123456789012/tasks";
/// let config = PollerConfig::new(PolledTasks::swf("orders", "cards"), queue);
/// Poller::open(&config, &clients).await?.run(&Shutdown::default()).await?;
/// # Ok(()) }
/// ```
pub struct Poller {
    source: Box<dyn TaskSource>,
    queue: SqsQueue,
    tasks: PolledTasks,
    /// Polls at once.
    pub(super) pollers: usize,
    heartbeat: Option<Duration>,
    metrics: Metrics,
}

impl Poller {
    /// The longest time from a request to end until the poller has ended, 90 s: a poll that the service holds (70 s at
    /// most), the sends of its task (10 s), and the report of a task that was not queued (10 s). If a host kills the
    /// process earlier, the tasks that it holds wait for their own timeout.
    pub const SHUTDOWN_TIME: Duration = MIN_TIME_FOR_POLL;

    /// Both [`new`](Self::new) and [`check`](Self::check).
    pub async fn open(config: &PollerConfig, clients: &Clients) -> Result<Self, Error> {
        let poller = Self::new(config, clients)?;
        poller.check().await?;
        Ok(poller)
    }

    /// A poller over these clients. Calls nothing. It is an error if there is no AWS region, or no client of the service.
    pub fn new(config: &PollerConfig, clients: &Clients) -> Result<Self, Error> {
        if !clients.has_aws_region() {
            return Err(Error::new(ErrorKind::Settings, "the poller needs AWS_REGION"));
        }
        Ok(Self {
            source: source(&config.tasks, clients)?,
            queue: SqsQueue::new(clients.sqs_at(&config.queue_url)?, &config.queue_url),
            tasks: config.tasks.clone(),
            pollers: config.pollers,
            heartbeat: config.heartbeat,
            metrics: Metrics::default(),
        })
    }

    /// The counters of its polls.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Counts the result of a poll.
    pub(super) fn count(&self, result: &Result<PollResult, AwsError>) {
        let count = match result {
            Ok(PollResult::Nothing) => return,
            Ok(PollResult::Queued) => Count::PolledTasksQueued,
            Ok(PollResult::Failed(_)) => Count::PolledTasksFailed,
            Ok(PollResult::Unconfirmed) => Count::PolledTasksUnconfirmed,
            Ok(PollResult::Lost) => Count::PolledTasksLost,
            Err(_) => Count::PollsFailed,
        };
        self.metrics.count(self.source.reporter().service(), count);
    }

    /// Checks that the queue exists, where a policy allows that. An error says what to fix; a queue that does not
    /// answer may do so later.
    pub async fn check(&self) -> Result<(), Error> {
        match self.queue.ask().await {
            Err(refusal) if refusal.is_denied() => Ok(()),
            Err(refusal) if refusal.is_configuration_error() => {
                Err(Error::new(ErrorKind::Unusable, format!("TASKBACK_QUEUE_URL cannot be used: {refusal}")))
            }
            Err(refusal) => {
                tracing::warn!(event = "queue.unavailable", %refusal, "the queue does not answer at the start");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }

    /// Polls once and puts the task into the queue. Never drop this in flight: the service may have handed out a task,
    /// which no other poll gets.
    pub(super) async fn poll_once(&self) -> Result<PollResult, AwsError> {
        let Some(Polled { token, input, execution }) = self.source.poll().await? else {
            return Ok(PollResult::Nothing);
        };
        match token {
            Ok(token) => {
                let heartbeat = self.heartbeat;
                Ok(self.enqueue(&RawTask { token, input, heartbeat, execution }).await)
            }
            Err(error) => {
                let TaskIds { domain, workflow, run, activity } = self.source.ids(&execution);
                tracing::error!(
                    event = "poller.task_lost", domain, workflow, run, activity, %error, "task is lost: it was polled with an unusable token"
                );
                Ok(PollResult::Lost)
            }
        }
    }

    async fn enqueue(&self, task: &RawTask) -> PollResult {
        let (key, execution) = (task.token.fingerprint(), task.scrubbed_execution());
        let TaskIds { domain, workflow, run, activity } = self.source.ids(&execution);
        let refusal = match self.send(task).await {
            Enqueued::Confirmed => {
                tracing::info!(
                    event = "poller.task_queued", task = %key.short(), domain, workflow, run, activity, "task queued"
                );
                return PollResult::Queued;
            }
            Enqueued::Refused(refusal) => refusal,
            // If the task were failed now, its message would run a step for a task that is over.
            Enqueued::Unconfirmed(refusal) => {
                tracing::error!(
                    event = "poller.send_unconfirmed", task = %key.short(), domain, workflow, run, activity, %refusal,
                    "no send was confirmed; the task is not failed, for its message may be in the queue"
                );
                return PollResult::Unconfirmed;
            }
        };
        let outcome = Outcome::failed(NOT_QUEUED, "the task could not be put into the workers' queue");
        let delivery = Delivery::default();
        let report = Report {
            reporter: self.source.reporter(),
            labels: &TaskLabels::new(task, &delivery),
            outcome: &outcome,
            policy: &RetryPolicy::default(),
            deadline: Instant::now() + HAND_OVER,
            metrics: &self.metrics,
        };
        match report_with_retry(&report, &mut Reports::default()).await {
            Ok(receipt) => {
                let receipt = receipt.name();
                tracing::error!(
                    event = "poller.task_not_queued", task = %key.short(), domain, workflow, run, activity, %refusal, receipt,
                    "task was not queued and is failed at its service"
                );
                PollResult::Failed(!refusal.is_invalid_message())
            }
            Err(error) => {
                tracing::error!(
                    event = "poller.task_lost", task = %key.short(), domain, workflow, run, activity, %refusal, %error,
                    "task is lost: it was neither queued nor failed at its service"
                );
                PollResult::Lost
            }
        }
    }

    async fn send(&self, task: &RawTask) -> Enqueued {
        let (body, key) = (task.envelope(), task.token.fingerprint());
        let id = key.hex();
        let group = self.source.group(&task.execution).unwrap_or(&id);
        sending::enqueue(&key, |patience| self.queue.send(&body, group, &id, patience)).await
    }
}

fn source(tasks: &PolledTasks, clients: &Clients) -> Result<Box<dyn TaskSource>, Error> {
    match tasks {
        #[cfg(feature = "swf")]
        PolledTasks::SwfTaskList { domain, task_list } => {
            Ok(Box::new(super::swf::SwfTaskList::new(clients.swf(), domain, task_list)))
        }
        #[cfg(feature = "sfn")]
        PolledTasks::SfnActivity { arn } => Ok(Box::new(super::sfn::SfnActivity::new(clients.sfn(), arn))),
        #[cfg(not(all(feature = "sfn", feature = "swf")))]
        _ => Err(Error::new(ErrorKind::Settings, "the poller was built without the feature of its service")),
    }
}

/// Opaque but for the names: the clients hold a source of credentials.
impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller")
            .field("tasks", &self.tasks)
            .field("pollers", &self.pollers)
            .finish_non_exhaustive()
    }
}
