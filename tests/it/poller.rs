//! SWF tasks on their way into the workers' queue. None is lost silently.

mod activity;
mod function;
mod unconfirmed;

use std::time::Duration;

use serde_json::{Value, json};
use taskback::settings::PollerSettings;
use taskback::{Clients, Error, MessageFormat, Poller, Service, Shutdown, aws};
use taskback_core::swf;
use taskback_local::{Config, Fault, FaultKind, OpenTask, OpenedTask, ReportedOutcome, Server, TaskState};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::queue_worker::sqs::Sqs;
use crate::support::MINUTE;

/// Tasks that wait to be polled, and the settings of their poller.
struct Setup {
    server: Server,
    sqs: Sqs,
    queue_url: String,
}

impl Setup {
    async fn new() -> Self {
        let sqs = Sqs::start([]).await;
        let queue_url = sqs.queue_url();
        Self { server: Server::bind(Config::default()).await.unwrap(), sqs, queue_url }
    }

    fn open(&self, input: &str) -> OpenedTask {
        let task = OpenTask { input: input.to_owned(), ..OpenTask::new(Service::Swf) };
        self.server.state().open(task).unwrap()
    }

    fn vars(&self, opened: &OpenedTask) -> Vec<(&'static str, String)> {
        let mut vars = match (&opened.activity, &opened.waiting_state) {
            (Some(activity), _) => vec![
                ("TASKBACK_SWF_DOMAIN", activity.domain.clone()),
                ("TASKBACK_SWF_TASK_LIST", activity.task_list.clone()),
            ],
            (None, Some(waiting)) => vec![("TASKBACK_ACTIVITY_ARN", waiting.activity_arn.clone().unwrap())],
            (None, None) => panic!("a task that cannot be polled"),
        };
        vars.extend([
            ("TASKBACK_QUEUE_URL", self.queue_url.clone()),
            ("TASKBACK_POLLERS", "1".to_owned()),
            ("AWS_ENDPOINT_URL_SQS", self.sqs.url.clone()),
        ]);
        vars
    }

    async fn poller(&self, opened: &OpenedTask, more: &[(&'static str, &str)]) -> Result<Poller, Error> {
        let vars = self.vars(opened).into_iter().map(|(name, value)| (name.to_owned(), value));
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = PollerSettings::from_vars(vars.chain(more)).unwrap();
        let clients = Clients::from_sdk_config(aws::local(&self.server.url()), &settings.general);
        Poller::open(&settings.poller, &clients).await
    }

    /// The task's outcome in SWF. Waits for it.
    async fn outcome(&self, opened: &OpenedTask) -> Option<ReportedOutcome> {
        let task = || self.server.state().task(&opened.fingerprint).unwrap();
        let outcome = async {
            while task().state == TaskState::Open {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(MINUTE, outcome).await.expect("SWF gets a report");
        task().outcome
    }

    fn sent(&self) -> Vec<Value> {
        self.sqs.books(|books| books.calls_of("SendMessage"))
    }
}

fn run(poller: Poller) -> (Shutdown, JoinHandle<Result<(), Error>>) {
    let shutdown = Shutdown::default();
    let asked = shutdown.clone();
    (shutdown, tokio::spawn(async move { poller.run(&asked).await }))
}

#[tokio::test]
async fn polled_task_becomes_an_envelope() {
    let setup = Setup::new().await;
    let opened = setup.open(r#"{"n": 1.0000000000000000001}"#);
    let poller = setup.poller(&opened, &[("TASKBACK_SWF_HEARTBEAT_TIMEOUT", "45")]).await.unwrap();
    let (_shutdown, ended) = run(poller);
    setup.sqs.until(|books| !books.calls_of("SendMessage").is_empty()).await;
    let sent = setup.sent().remove(0);
    let task = MessageFormat::default().task(sent["MessageBody"].as_str().unwrap()).unwrap();
    let activity = opened.activity.as_ref().unwrap();
    assert_eq!((&task.token, task.input.get()), (&opened.token, r#"{"n": 1.0000000000000000001}"#));
    assert_eq!(task.heartbeat, Some(Duration::from_secs(45)));
    assert_eq!(task.execution.text(swf::DOMAIN), Some(&*activity.domain));
    assert_eq!(task.execution.text(swf::WORKFLOW_ID), Some(&*activity.workflow_id));
    assert_eq!(task.execution.text(swf::RUN_ID), Some(&*activity.run_id));
    assert_eq!(task.execution.text(swf::ACTIVITY_ID), Some(&*activity.activity_id));
    assert_eq!(task.execution.text(swf::ACTIVITY_TYPE), Some(&*activity.activity_name));
    assert_eq!(task.execution.number(swf::STARTED_EVENT_ID), Some(activity.started_event_id));
    assert_eq!((&sent["MessageGroupId"], &sent["MessageDeduplicationId"]), (&Value::Null, &Value::Null));
    ended.abort();
}

/// The fingerprint is the deduplication id, so that the queue accepts a task once.
#[tokio::test]
async fn fifo_queue_groups_by_workflow() {
    let mut setup = Setup::new().await;
    setup.queue_url += ".fifo";
    let opened = setup.open(r#""plain words""#);
    let (_shutdown, ended) = run(setup.poller(&opened, &[]).await.unwrap());
    setup.sqs.until(|books| !books.calls_of("SendMessage").is_empty()).await;
    let sent = setup.sent().remove(0);
    assert_eq!(sent["MessageGroupId"], json!(opened.activity.as_ref().unwrap().workflow_id));
    assert_eq!(sent["MessageDeduplicationId"], json!(opened.fingerprint));
    ended.abort();
}

#[tokio::test]
async fn permanent_refusal_fails_the_task_at_once() {
    let setup = Setup::new().await;
    let opened = setup.open("{}");
    setup.sqs.refuse("SendMessage", 1, "InvalidParameterValue");
    let (_shutdown, ended) = run(setup.poller(&opened, &[]).await.unwrap());
    let cause = "the task could not be put into the workers' queue";
    let failed = ReportedOutcome::Failed { error: Some("NotQueued".into()), cause: Some(cause.into()) };
    assert_eq!((setup.outcome(&opened).await, setup.sent().len()), (Some(failed), 1));
    ended.abort();
}

#[tokio::test]
async fn send_is_retried_then_task_fails() {
    let setup = Setup::new().await;
    let opened = setup.open("{}");
    setup.sqs.refuse("SendMessage", 3, "AccessDenied");
    let (_shutdown, ended) = run(setup.poller(&opened, &[]).await.unwrap());
    setup.sqs.until(|books| books.calls_of("SendMessage").len() == 4).await;
    assert_eq!(setup.server.state().task(&opened.fingerprint).unwrap().state, TaskState::Open);

    setup.sqs.refuse("SendMessage", 8, "AccessDenied");
    let opened = setup.open("{}");
    assert!(matches!(setup.outcome(&opened).await, Some(ReportedOutcome::Failed { .. })));
    assert_eq!(setup.sent().len(), 12);
    ended.abort();
}

/// A queue that does not exist is an error at the start.
#[tokio::test]
async fn send_permission_alone_is_sufficient() {
    let setup = Setup::new().await;
    let opened = setup.open("{}");
    setup.sqs.refuse("GetQueueAttributes", 1, "QueueDoesNotExist");
    let error = setup.poller(&opened, &[]).await.err().unwrap().to_string();
    assert!(error.contains("TASKBACK_QUEUE_URL") && error.contains("QueueDoesNotExist"), "{error}");

    setup.sqs.refuse("GetQueueAttributes", 1, "AccessDenied");
    let (_shutdown, ended) = run(setup.poller(&opened, &[]).await.unwrap());
    setup.sqs.until(|books| !books.calls_of("SendMessage").is_empty()).await;
    ended.abort();
}

/// A throttled poll is retried.
#[tokio::test]
async fn unknown_domain_is_an_error_at_start() {
    let setup = Setup::new().await;
    let opened = setup.open("{}");
    let poller = setup.poller(&opened, &[("TASKBACK_SWF_DOMAIN", "unregistered")]).await.unwrap();
    let (_shutdown, ended) = run(poller);
    let error = timeout(MINUTE, ended).await.unwrap().unwrap().unwrap_err().to_string();
    assert!(error.contains("UnknownResourceFault"), "{error}");

    let fault = Fault::new("PollForActivityTask", FaultKind::Throttle);
    setup.server.state().inject(fault).unwrap();
    let (_shutdown, ended) = run(setup.poller(&opened, &[]).await.unwrap());
    setup.sqs.until(|books| !books.calls_of("SendMessage").is_empty()).await;
    ended.abort();
}
