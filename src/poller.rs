//! Hands SWF's activity tasks to the workers' queue: SWF gives a task to whoever polls, and a function
//! is no good at waiting.

mod turns;

use std::time::Duration;

use aws_sdk_swf::Client;
use aws_sdk_swf::operation::poll_for_activity_task::PollForActivityTaskOutput;
use aws_sdk_swf::types::TaskList;
use taskback_core::{Earlier, Execution, NOT_QUEUED, Outcome, RetryPolicy, Service, Task, TaskToken, swf};
use tokio::time::{Instant, sleep};

use crate::aws::{Refusal, in_time};
use crate::queue::QueueAt;
use crate::settings::PollerSettings;
use crate::{Error, Swf, report};

pub(crate) use turns::{ROOM, Tally};

/// Polls a task list and puts every task into a queue, as an envelope.
///
/// A task that was polled is never dropped in silence: what cannot be queued is failed at SWF as
/// `NotQueued`, and where that fails too, an ERROR names its ids.
pub struct SwfPoller {
    client: Client,
    reporter: Swf,
    queue: QueueAt,
    domain: String,
    task_list: String,
    pollers: usize,
    heartbeat: Option<Duration>,
}

/// SWF holds a poll for 60 s; what takes longer has no answer.
const POLL: Duration = Duration::from_secs(70);
/// For how long a task may be on its way into the queue, and then back to SWF.
const HAND_OVER: Duration = Duration::from_secs(10);

/// When a send is tried again, where nothing else ends it first.
const RETRY: RetryPolicy = RetryPolicy {
    base: Duration::from_millis(200),
    cap: Duration::from_secs(2),
    attempts: 8,
    room: Duration::ZERO,
};

/// What became of one poll.
#[derive(Debug, PartialEq, Eq)]
enum Turn {
    /// There was no task.
    Nothing,
    Queued,
    /// SWF was told that the task could not be queued; `true` = the queue is at fault, not the task.
    Failed(bool),
    /// Nobody was told: the task ends with its timeout.
    Lost,
}

impl SwfPoller {
    /// Asks whether the queue is there, where a policy allows that; an error says what to mend.
    pub async fn open(
        settings: &PollerSettings,
        swf: Client,
        sqs: aws_sdk_sqs::Client,
    ) -> Result<Self, Error> {
        let queue = match QueueAt::open(sqs.clone(), &settings.queue_url).await {
            Ok(queue) => queue,
            Err(refusal) if refusal.is_denied() => QueueAt::unasked(sqs, &settings.queue_url),
            Err(refusal) => return Err(Error::new(format!("TASKBACK_QUEUE_URL cannot be used: {refusal}"))),
        };
        Ok(Self {
            reporter: Swf::new(swf.clone()),
            client: swf,
            queue,
            domain: settings.domain.clone(),
            task_list: settings.task_list.clone(),
            pollers: settings.pollers,
            heartbeat: settings.heartbeat,
        })
    }

    /// One poll, and what it brought put into the queue. Never drop this in flight: SWF may have given
    /// a task out by then, that nobody else gets.
    async fn turn(&self) -> Result<Turn, Refusal> {
        let list = TaskList::builder().name(&self.task_list).build();
        let list = list.map_err(|_| Refusal::unsent("PollForActivityTask"))?;
        let call = self.client.poll_for_activity_task().domain(&self.domain).task_list(list);
        let mut answer = in_time("PollForActivityTask", POLL, call.identity("taskback").send()).await?;
        if answer.task_token.is_empty() {
            return Ok(Turn::Nothing);
        }
        let token = TaskToken::new(Service::Swf, std::mem::take(&mut answer.task_token));
        let (input, heartbeat) = (swf::input(answer.input.as_deref()), self.heartbeat);
        let execution = self.execution(answer);
        match token {
            Ok(token) => Ok(self.hand_over(&Task { token, input, heartbeat, execution }).await),
            Err(error) => {
                let [domain, workflow, run, activity] = ids(&execution);
                tracing::error!(domain, workflow, run, activity, %error, "lost: polled with an unusable token");
                Ok(Turn::Lost)
            }
        }
    }

    fn execution(&self, polled: PollForActivityTaskOutput) -> Execution {
        let (workflow_id, run_id) =
            polled.workflow_execution.map(|execution| (execution.workflow_id, execution.run_id)).unzip();
        Execution {
            domain: Some(self.domain.clone()),
            workflow_id,
            run_id,
            activity_id: Some(polled.activity_id),
            activity_type: polled.activity_type.map(|kind| kind.name),
            started_event_id: Some(polled.started_event_id),
            ..Execution::default()
        }
    }

    async fn hand_over(&self, task: &Task) -> Turn {
        let refusal = match self.send(task).await {
            Ok(()) => {
                tracing::info!(task = %task.token.fingerprint(), "queued");
                return Turn::Queued;
            }
            Err(refusal) => refusal,
        };
        let outcome = Outcome::failed(NOT_QUEUED, "the task could not be put into the workers' queue");
        let until = Instant::now() + HAND_OVER;
        let earlier = &mut Earlier::default();
        let policy = RetryPolicy::default();
        let told = report::tell(&self.reporter, &task.token, &outcome, None, earlier, &policy, until).await;
        let ([domain, workflow, run, activity], key) = (ids(&task.execution), task.token.fingerprint());
        match told.result {
            Ok(receipt) => {
                let receipt = receipt.name();
                tracing::error!(task = %key, domain, workflow, run, activity, %refusal, receipt, "not queued, failed at SWF");
                Turn::Failed(!refusal.is_of_the_message())
            }
            Err(error) => {
                tracing::error!(task = %key, domain, workflow, run, activity, %refusal, %error, "lost: neither queued nor failed at SWF");
                Turn::Lost
            }
        }
    }

    /// Sends until the queue takes it or refuses the message itself, within the time for it.
    async fn send(&self, task: &Task) -> Result<(), Refusal> {
        let (body, id) = (task.envelope(), task.token.fingerprint().hex());
        let group = group(&task.execution).unwrap_or(&id);
        let until = Instant::now() + HAND_OVER;
        let mut made = 0;
        loop {
            made += 1;
            let patience = until.saturating_duration_since(Instant::now()).max(Duration::from_secs(1));
            let Err(refusal) = self.queue.send(&body, group, &id, patience).await else { return Ok(()) };
            let wait = RETRY.jittered(made, fastrand::f64());
            if refusal.is_of_the_message() || made >= RETRY.attempts || Instant::now() + wait >= until {
                return Err(refusal);
            }
            tracing::warn!(task = %task.token.fingerprint(), made, %refusal, "not queued yet");
            sleep(wait).await;
        }
    }
}

/// What names a task for people: domain, workflow, run and activity.
fn ids(execution: &Execution) -> [Option<&str>; 4] {
    let Execution { domain, workflow_id, run_id, activity_id, .. } = execution;
    [domain, workflow_id, run_id, activity_id].map(Option::as_deref)
}

/// The tasks of one workflow stay in order, on a queue that keeps an order: by its id where a queue can
/// have it as a group, else by its run's.
fn group(execution: &Execution) -> Option<&str> {
    let fits = |id: &&String| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    let ids = [&execution.workflow_id, &execution.run_id];
    ids.into_iter().flatten().find(fits).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_what_a_queue_can_take() {
        let of = |workflow: &str| {
            let ids = Execution {
                workflow_id: Some(workflow.into()),
                run_id: Some("run=".into()),
                ..Execution::default()
            };
            group(&ids).map(str::to_owned)
        };
        assert_eq!(of("order-7").as_deref(), Some("order-7"));
        for other in ["order 7", "bestellung-ä", "", &"x".repeat(129)] {
            assert_eq!(of(other).as_deref(), Some("run="), "{other}");
        }
        assert_eq!(group(&Execution::default()), None);
    }
}
