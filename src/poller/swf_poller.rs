use std::fmt;
use std::time::Duration;

use aws_sdk_swf::Client;
use aws_sdk_swf::operation::poll_for_activity_task::PollForActivityTaskOutput;
use aws_sdk_swf::types::TaskList;
use taskback_core::{Execution, NOT_QUEUED, Outcome, RawTask, RetryPolicy, Service, TaskToken, swf};
use tokio::time::Instant;

use crate::aws::{AwsError, in_time};
use crate::delivery::Delivery;
use crate::error::{Error, ErrorKind};
use crate::metrics::{Count, Metrics};
use crate::report::{Report, Reports, report_with_retry};
use crate::service::Swf;
use crate::sqs::SqsQueue;
use crate::task_labels::TaskLabels;

use super::config::PollerConfig;
use super::limits::{HAND_OVER, MIN_TIME_FOR_POLL, POLL};
use super::poll_result::PollResult;
use super::sending::{self, Enqueued};

/// Polls a task list and puts every task into a queue, as an envelope.
///
/// A task that was polled is never dropped in silence. Where every send was certainly refused it is failed at SWF as
/// `NotQueued`. Where a send was never confirmed its message may be in the queue: the task is left to that message, or
/// to its own timeout, and an ERROR names its ids, as it does for a task that could neither be queued nor failed.
///
/// ```no_run
/// use taskback::settings::PollerConfig;
/// use taskback::{Clients, Settings, Shutdown, SwfPoller};
///
/// # async fn example() -> Result<(), taskback::Error> {
/// let clients = Clients::connect(&Settings::from_env()?).await;
/// let queue = "https://sqs.us-east-1.amazonaws.com/123456789012/tasks";
/// let config = PollerConfig::new("orders", "cards", queue);
/// SwfPoller::open(&config, clients.swf(), clients.sqs()).await?.run(&Shutdown::default()).await?;
/// # Ok(()) }
/// ```
pub struct SwfPoller {
    client: Client,
    reporter: Swf,
    queue: SqsQueue,
    domain: String,
    task_list: String,
    /// Polls at once.
    pub(super) pollers: usize,
    heartbeat: Option<Duration>,
    metrics: Metrics,
}

impl SwfPoller {
    /// The longest time from a request to end until the poller has ended, 90 s: a poll that SWF holds (70 s at most), the
    /// sends of its task (10 s), and the report of a task that was not queued (10 s). If a host kills the process
    /// earlier, the tasks that it holds wait for their own timeout.
    pub const SHUTDOWN_TIME: Duration = MIN_TIME_FOR_POLL;

    /// Both [`new`](Self::new) and [`check`](Self::check).
    pub async fn open(config: &PollerConfig, swf: Client, sqs: aws_sdk_sqs::Client) -> Result<Self, Error> {
        let poller = Self::new(config, swf, sqs);
        poller.check().await?;
        Ok(poller)
    }

    /// A poller over these clients. Calls nothing.
    pub fn new(config: &PollerConfig, swf: Client, sqs: aws_sdk_sqs::Client) -> Self {
        Self {
            reporter: Swf::new(swf.clone()),
            client: swf,
            queue: SqsQueue::new(sqs, &config.queue_url),
            domain: config.domain.clone(),
            task_list: config.task_list.clone(),
            pollers: config.pollers,
            heartbeat: config.heartbeat,
            metrics: Metrics::default(),
        }
    }

    /// The counters of its polls.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Counts the result of a poll.
    pub(super) fn count(&self, result: &Result<PollResult, AwsError>) {
        let count = match result {
            Ok(PollResult::Nothing) => return,
            Ok(PollResult::Queued) => Count::PollerQueued,
            Ok(PollResult::Failed(_)) => Count::PollerFailed,
            Ok(PollResult::Unconfirmed) => Count::PollerUnconfirmed,
            Ok(PollResult::Lost) => Count::PollerLost,
            Err(_) => Count::PollsFailed,
        };
        self.metrics.count(Service::Swf, count);
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

    /// Polls once and puts the task into the queue. Never drop this in flight: SWF may have handed out a task, which no
    /// other poll gets.
    pub(super) async fn poll_once(&self) -> Result<PollResult, AwsError> {
        let list = TaskList::builder().name(&self.task_list).build();
        let list = list.map_err(|_| AwsError::unsent("PollForActivityTask"))?;
        let call = self.client.poll_for_activity_task().domain(&self.domain).task_list(list);
        let mut answer = in_time("PollForActivityTask", POLL, call.identity("taskback").send()).await?;
        if answer.task_token.is_empty() {
            return Ok(PollResult::Nothing);
        }
        let token = TaskToken::new(Service::Swf, std::mem::take(&mut answer.task_token));
        let (input, heartbeat) = (swf::input(answer.input.as_deref()), self.heartbeat);
        let execution = self.execution(answer);
        match token {
            Ok(token) => Ok(self.enqueue(&RawTask { token, input, heartbeat, execution }).await),
            Err(error) => {
                let [domain, workflow, run, activity] = ids(&execution);
                tracing::error!(
                    event = "poller.task_lost", domain, workflow, run, activity, %error, "task is lost: it was polled with an unusable token"
                );
                Ok(PollResult::Lost)
            }
        }
    }

    fn execution(&self, polled: PollForActivityTaskOutput) -> Execution {
        let (workflow_id, run_id) =
            polled.workflow_execution.map(|execution| (execution.workflow_id, execution.run_id)).unzip();
        Execution::default()
            .with_text(swf::DOMAIN, Some(self.domain.clone()))
            .with_text(swf::WORKFLOW_ID, workflow_id)
            .with_text(swf::RUN_ID, run_id)
            .with_text(swf::ACTIVITY_ID, Some(polled.activity_id))
            .with_text(swf::ACTIVITY_TYPE, polled.activity_type.map(|kind| kind.name))
            .with_number(swf::STARTED_EVENT_ID, Some(polled.started_event_id))
    }

    async fn enqueue(&self, task: &RawTask) -> PollResult {
        let execution = task.scrubbed_execution();
        let (key, [domain, workflow, run, activity]) = (task.token.fingerprint(), ids(&execution));
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
            reporter: &self.reporter,
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
                    "task was not queued and is failed at SWF"
                );
                PollResult::Failed(!refusal.is_invalid_message())
            }
            Err(error) => {
                tracing::error!(
                    event = "poller.task_lost", task = %key.short(), domain, workflow, run, activity, %refusal, %error,
                    "task is lost: it was neither queued nor failed at SWF"
                );
                PollResult::Lost
            }
        }
    }

    async fn send(&self, task: &RawTask) -> Enqueued {
        let (body, key) = (task.envelope(), task.token.fingerprint());
        let id = key.hex();
        let group = group(&task.execution).unwrap_or(&id);
        sending::enqueue(&key, |patience| self.queue.send(&body, group, &id, patience)).await
    }
}

/// Opaque but for the names: the clients hold a source of credentials.
impl fmt::Debug for SwfPoller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SwfPoller")
            .field("domain", &self.domain)
            .field("task_list", &self.task_list)
            .field("pollers", &self.pollers)
            .finish_non_exhaustive()
    }
}

/// The ids of a task for people: domain, workflow, run and activity.
fn ids(execution: &Execution) -> [Option<&str>; 4] {
    [swf::DOMAIN, swf::WORKFLOW_ID, swf::RUN_ID, swf::ACTIVITY_ID].map(|name| execution.text(name))
}

/// The message group of a FIFO queue, in which the tasks of one workflow stay in order: the workflow's id where a queue
/// accepts it as a group, else its run's.
fn group(execution: &Execution) -> Option<&str> {
    let fits = |id: &&str| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    [swf::WORKFLOW_ID, swf::RUN_ID].into_iter().filter_map(|name| execution.text(name)).find(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_id_is_valid_for_queues() {
        let of = |workflow: &str| {
            let ids = Execution::default()
                .with_text(swf::WORKFLOW_ID, Some(workflow.into()))
                .with_text(swf::RUN_ID, Some("run=".into()));
            group(&ids).map(str::to_owned)
        };
        assert_eq!(of("order-7").as_deref(), Some("order-7"));
        for other in ["order 7", "bestellung-ä", "", &"x".repeat(129)] {
            assert_eq!(of(other).as_deref(), Some("run="), "{other}");
        }
        assert_eq!(group(&Execution::default()), None);
    }
}
