//! The time that a process takes to end, whatever SWF and SQS do meanwhile.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use taskback::settings::PollerSettings;
use taskback::testing::Fault;
use taskback::{Clients, Poller, QueueWorker, QueueWorkerConfig, Shutdown, StepError, Task, aws};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::support::Rig;

/// The fate of a call: a response with this status and body after this time, or none.
#[derive(Clone, Copy, Debug)]
enum ServiceResponse {
    After(Duration, u16, &'static str),
    Never,
}

#[derive(Clone, Debug)]
struct Scripted {
    script: fn(&str) -> ServiceResponse,
    /// Notified at each call.
    called: Arc<Notify>,
}

impl HttpConnector for Scripted {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let answer = (self.script)(target.rsplit('.').next().unwrap_or_default());
        self.called.notify_one();
        HttpConnectorFuture::new_boxed(Box::pin(async move {
            let ServiceResponse::After(time, status, body) = answer else { return pending().await };
            sleep(time).await;
            let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
            // A response without a request id is not the service's own.
            response.headers_mut().insert("x-amzn-requestid", "r");
            Ok(response)
        }))
    }
}

/// Clients whose calls go to the script and take only time of the paused clock.
fn config(script: fn(&str) -> ServiceResponse) -> (aws_config::SdkConfig, Arc<Notify>) {
    let called = Arc::new(Notify::new());
    let connector = SharedHttpConnector::new(Scripted { script, called: Arc::clone(&called) });
    let client: SharedHttpClient = http_client_fn(move |_, _| connector.clone());
    (aws::local("http://127.0.0.1:9").into_builder().http_client(client).build(), called)
}

const NOW: Duration = Duration::ZERO;
const POLLED: &str = r#"{"taskToken":"t","activityId":"a","activityType":{"name":"n","version":"1"},
    "workflowExecution":{"workflowId":"w","runId":"r"},"startedEventId":1}"#;
const DENIED: &str = r#"{"__type":"com.amazonaws.sqs#AccessDenied","message":"no"}"#;

/// A poll returns a task at the last moment; no other call gets a response.
fn long_poll(operation: &str) -> ServiceResponse {
    match operation {
        "PollForActivityTask" => ServiceResponse::After(Duration::from_millis(69_999), 200, POLLED),
        _ => ServiceResponse::Never,
    }
}

/// Stops a poller during its first poll. Returns how long that took.
async fn poller_ends(script: fn(&str) -> ServiceResponse) -> Duration {
    let (config, called) = config(script);
    let names = [
        ("TASKBACK_SWF_DOMAIN", "d"),
        ("TASKBACK_SWF_TASK_LIST", "l"),
        ("TASKBACK_QUEUE_URL", "http://127.0.0.1:9/1/tasks"),
        ("TASKBACK_POLLERS", "1"),
    ];
    let settings = PollerSettings::from_vars(names.map(|(name, value)| (name.into(), value.into()))).unwrap();
    let clients = Clients::from_sdk_config(config, &settings.general);
    let poller = Poller::new(&settings.poller, &clients).unwrap();
    let shutdown = Shutdown::default();
    let asked = async {
        called.notified().await;
        shutdown.end();
        Instant::now()
    };
    let (asked, ended) = tokio::join!(asked, poller.run(&shutdown));
    ended.unwrap();
    asked.elapsed()
}

#[tokio::test(start_paused = true)]
async fn poller_ends_within_its_shutdown_time() {
    let most = Poller::SHUTDOWN_TIME;
    // The worst case: the task arrives at the last moment, each send is refused late, and no report gets a
    // response.
    let refused = poller_ends(|operation| match operation {
        "SendMessage" => ServiceResponse::After(Duration::from_millis(900), 403, DENIED),
        _ => long_poll(operation),
    });
    let refused = refused.await;
    assert!(refused <= most && refused > most - Duration::from_secs(5), "{refused:?}");
    let hung = poller_ends(long_poll).await;
    assert!(hung <= most && hung > Duration::from_secs(75), "{hung:?}");
    let throttled = poller_ends(|operation| match operation {
        "SendMessage" => ServiceResponse::After(NOW, 403, DENIED),
        "RespondActivityTaskFailed" => {
            ServiceResponse::After(NOW, 400, r#"{"__type":"ThrottlingException"}"#)
        }
        _ => long_poll(operation),
    });
    let throttled = throttled.await;
    assert!(throttled <= most, "{throttled:?}");
    let no_answer = poller_ends(|_| ServiceResponse::Never).await;
    assert!(no_answer <= most && no_answer >= Duration::from_secs(60), "{no_answer:?}");
}

#[tokio::test(start_paused = true)]
async fn queue_worker_ends_within_its_shutdown_time() {
    let given = |grace, wait| QueueWorkerConfig {
        grace: Duration::from_secs(grace),
        wait: Duration::from_secs(wait),
        ..QueueWorkerConfig::new("http://127.0.0.1:9/1/tasks")
    };
    assert_eq!(given(20, 10).shutdown_time(), QueueWorkerConfig::new("").shutdown_time());
    for (how, expected) in [(given(20, 10), 28), (given(0, 20), 38), (given(0, 0), 18), (given(60, 20), 68)] {
        assert_eq!(how.shutdown_time(), Duration::from_secs(expected));
        // The first receive returns a task whose report hangs; otherwise only the calls of the start get a
        // response.
        let (config, called) = config(|operation| match operation {
            "GetQueueAttributes" => {
                ServiceResponse::After(NOW, 200, r#"{"Attributes":{"VisibilityTimeout":"30"}}"#)
            }
            _ => ServiceResponse::Never,
        });
        let rig = Rig::new();
        rig.swf.fail_with([Fault::Hangs; 9]);
        let step = async |_: Task<Value>| pending::<Result<Value, StepError>>().await;
        let taskback = rig.builder().step(step).build().unwrap();
        let (shutdown, most) = (taskback.shutdown().clone(), how.shutdown_time());
        let client = aws_sdk_sqs::Client::new(&config);
        let worker = QueueWorker::open(taskback.clone(), client, how).await.unwrap();
        called.notified().await;
        let asked = async {
            called.notified().await;
            shutdown.end();
            Instant::now()
        };
        let (asked, ()) = tokio::join!(asked, worker.run());
        assert!(asked.elapsed() <= most, "{:?} of {most:?}", asked.elapsed());
    }
}

/// A step that does not end, a report that hangs, and then a queue that deletes nothing.
#[tokio::test(start_paused = true)]
async fn stuck_message_does_not_delay_shutdown() {
    let received = |operation: &str| match operation {
        "GetQueueAttributes" => {
            ServiceResponse::After(NOW, 200, r#"{"Attributes":{"VisibilityTimeout":"30"}}"#)
        }
        "ReceiveMessage" => ServiceResponse::After(NOW, 200, RECEIVED),
        _ => ServiceResponse::Never,
    };
    const RECEIVED: &str = r#"{"Messages":[{"MessageId":"m","ReceiptHandle":"h",
        "Body":"{\"service\":\"swf\",\"taskToken\":\"t\",\"input\":1}"}]}"#;
    for ends in [true, false] {
        let (config, _) = config(received);
        let rig = Rig::new();
        rig.swf.fail_with([Fault::Hangs; 99]);
        let began = Arc::new(Notify::new());
        let begins = Arc::clone(&began);
        let step = move |task: Task<Value>| {
            let begins = Arc::clone(&begins);
            async move {
                begins.notify_one();
                if ends { Ok::<_, StepError>(task.input) } else { pending().await }
            }
        };
        let taskback = rig.builder().step(step).concurrency(1).build().unwrap();
        let (shutdown, how) =
            (taskback.shutdown().clone(), QueueWorkerConfig::new("http://127.0.0.1:9/1/tasks"));
        let most = how.shutdown_time();
        let client = aws_sdk_sqs::Client::new(&config);
        let worker = QueueWorker::open(taskback.clone(), client, how).await.unwrap();
        let asked = async {
            began.notified().await;
            shutdown.end();
            Instant::now()
        };
        let (asked, ()) = tokio::join!(asked, worker.run());
        let took = asked.elapsed();
        assert!(took <= most && took >= Duration::from_secs(20), "{took:?} of {most:?}, {ends}");
    }
}

/// The documented numbers are those of the code.
#[test]
fn documents_state_the_shutdown_times() {
    let poller = Poller::SHUTDOWN_TIME.as_secs();
    let poll = include_str!("../../docs/guides/swf-poller.md");
    let help = include_str!("../../crates/taskback-cli/src/poll.rs");
    assert!(poll.contains(&format!("a process that is asked to end takes up to {poller} s")));
    assert!(poll.contains(&format!("begins a poll only with {poller} s left")));
    assert!(help.contains(&format!("The end takes up to {poller} s")));
    assert!(include_str!("../../template.yaml").contains(&format!("needs up to {poller} s to end")));
    let worker = QueueWorkerConfig::new("").shutdown_time().as_secs();
    let work = include_str!("../../docs/guides/queue-worker.md");
    assert!(work.contains(&format!("{worker} s in all")));
    let containers = include_str!("../../docs/deploy/containers.md");
    assert!(containers.contains(&format!("| `taskback poll` | {poller} s |")));
    assert!(containers.contains(&format!("| `taskback work` | {worker} s unless configured otherwise |")));
    let help = include_str!("../../crates/taskback-cli/src/work.rs");
    assert!(help.contains(&format!("{worker} s unless set")));
}
