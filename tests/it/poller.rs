//! SWF's tasks on their way into the workers' queue: none is lost in silence.

mod function;

use std::time::Duration;

use serde_json::{Value, json};
use taskback::core::{Reading, Service};
use taskback::settings::PollerSettings;
use taskback::{Error, Settings, Shutdown, SwfPoller, aws};
use taskback_local::{Config, Fault, FaultKind, OpenTask, Opened, Outcome, Server, TaskState};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::queue_worker::sqs::Sqs;
use crate::support::MINUTE;

/// Tasks that wait to be polled, and what is set to poll them.
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

    fn open(&self, input: &str) -> Opened {
        let task = OpenTask { input: input.to_owned(), ..OpenTask::new(Service::Swf) };
        self.server.state().open(task).unwrap()
    }

    fn vars(&self, opened: &Opened) -> Vec<(&'static str, String)> {
        let activity = opened.activity.as_ref().unwrap();
        vec![
            ("TASKBACK_SWF_DOMAIN", activity.domain.clone()),
            ("TASKBACK_SWF_TASK_LIST", activity.task_list.clone()),
            ("TASKBACK_QUEUE_URL", self.queue_url.clone()),
            ("TASKBACK_POLLERS", "1".to_owned()),
        ]
    }

    async fn poller(&self, opened: &Opened, more: &[(&'static str, &str)]) -> Result<SwfPoller, Error> {
        let vars = self.vars(opened).into_iter().map(|(name, value)| (name.to_owned(), value));
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = PollerSettings::from_vars(vars.chain(more)).unwrap();
        let none = Settings::from_vars([]).unwrap();
        let swf = aws::swf(&aws::local(&self.server.url()), &none);
        SwfPoller::open(&settings, swf, aws::sqs(&aws::local(&self.sqs.url), &none)).await
    }

    /// The task's outcome at SWF, once it has one.
    async fn told(&self, opened: &Opened) -> Option<Outcome> {
        let task = || self.server.state().task(&opened.fingerprint).unwrap();
        let told = async {
            while task().state == TaskState::Open {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(MINUTE, told).await.expect("SWF is told");
        task().outcome
    }

    fn sent(&self) -> Vec<Value> {
        self.sqs.books(|books| books.calls_of("SendMessage"))
    }
}

fn run(poller: SwfPoller) -> (Shutdown, JoinHandle<Result<(), Error>>) {
    let shutdown = Shutdown::default();
    let asked = shutdown.clone();
    (shutdown, tokio::spawn(async move { poller.run(&asked).await }))
}

#[tokio::test]
async fn a_polled_task_becomes_an_envelope_with_its_ids() {
    let setup = Setup::new().await;
    let opened = setup.open(r#"{"n": 1.0000000000000000001}"#);
    let poller = setup.poller(&opened, &[("TASKBACK_SWF_HEARTBEAT_TIMEOUT", "45")]).await.unwrap();
    let (_shutdown, ended) = run(poller);
    setup.sqs.until(|books| !books.calls_of("SendMessage").is_empty()).await;
    let sent = setup.sent().remove(0);
    let task = Reading::default().task(sent["MessageBody"].as_str().unwrap()).unwrap();
    let activity = opened.activity.as_ref().unwrap();
    assert_eq!((&task.token, task.input.get()), (&opened.token, r#"{"n": 1.0000000000000000001}"#));
    assert_eq!(task.heartbeat, Some(Duration::from_secs(45)));
    assert_eq!(task.execution.domain.as_ref(), Some(&activity.domain));
    assert_eq!(task.execution.workflow_id.as_ref(), Some(&activity.workflow_id));
    assert_eq!(task.execution.run_id.as_ref(), Some(&activity.run_id));
    assert_eq!(task.execution.activity_id.as_ref(), Some(&activity.activity_id));
    assert_eq!(task.execution.activity_type.as_ref(), Some(&activity.activity_name));
    assert_eq!(task.execution.started_event_id, Some(activity.started_event_id));
    assert_eq!((&sent["MessageGroupId"], &sent["MessageDeduplicationId"]), (&Value::Null, &Value::Null));
    ended.abort();
}

#[tokio::test]
async fn on_a_fifo_queue_a_workflow_is_a_group_and_a_task_is_taken_once() {
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
async fn what_the_queue_refuses_for_good_is_failed_at_swf_at_once() {
    let setup = Setup::new().await;
    let opened = setup.open("{}");
    setup.sqs.refuse("SendMessage", 1, "InvalidParameterValue");
    let (_shutdown, ended) = run(setup.poller(&opened, &[]).await.unwrap());
    let cause = "the task could not be put into the workers' queue";
    let failed = Outcome::Failed { error: Some("NotQueued".into()), cause: Some(cause.into()) };
    assert_eq!((setup.told(&opened).await, setup.sent().len()), (Some(failed), 1));
    ended.abort();
}

#[tokio::test]
async fn a_send_is_tried_again_and_a_queue_that_stays_closed_fails_the_task_at_swf() {
    let setup = Setup::new().await;
    let opened = setup.open("{}");
    setup.sqs.refuse("SendMessage", 3, "AccessDenied");
    let (_shutdown, ended) = run(setup.poller(&opened, &[]).await.unwrap());
    setup.sqs.until(|books| books.calls_of("SendMessage").len() == 4).await;
    assert_eq!(setup.server.state().task(&opened.fingerprint).unwrap().state, TaskState::Open);

    setup.sqs.refuse("SendMessage", 8, "AccessDenied");
    let opened = setup.open("{}");
    assert!(matches!(setup.told(&opened).await, Some(Outcome::Failed { .. })));
    assert_eq!(setup.sent().len(), 12);
    ended.abort();
}

#[tokio::test]
async fn whoever_may_only_send_is_enough_and_a_queue_that_is_not_there_is_an_error_at_the_start() {
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

#[tokio::test]
async fn polls_that_are_refused_at_the_start_are_an_error_and_later_ones_are_tried_again() {
    let setup = Setup::new().await;
    let opened = setup.open("{}");
    let poller = setup.poller(&opened, &[("TASKBACK_SWF_DOMAIN", "nobodys")]).await.unwrap();
    let (_shutdown, ended) = run(poller);
    let error = timeout(MINUTE, ended).await.unwrap().unwrap().unwrap_err().to_string();
    assert!(error.contains("UnknownResourceFault"), "{error}");

    let fault = Fault::new("PollForActivityTask", FaultKind::Throttle);
    setup.server.state().inject(fault).unwrap();
    let (_shutdown, ended) = run(setup.poller(&opened, &[]).await.unwrap());
    setup.sqs.until(|books| !books.calls_of("SendMessage").is_empty()).await;
    ended.abort();
}
