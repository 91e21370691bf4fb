//! Edge cases of outcomes, found by attacking the guarantees.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;
use taskback::ledger::{Ledger, Memory};
use taskback::testing::{Fault, Message, direct_event};
use taskback::{InvocationError, MessageFormat, Service, StepError, Task};
use tokio::time::sleep;

use crate::lease::lasting;
use crate::lease::troubled::{Trouble, Troubled};
use crate::secrets::Log;
use crate::support::{MINUTE, Rig, envelope, kept, kept_within, message, token};

const SWF: Service = Service::Swf;

/// A token occurs twice in one batch with two inputs; that is logged as if it occurred in two batches.
#[tokio::test(start_paused = true)]
async fn conflicting_input_in_batch_is_logged() {
    let (rig, log) = (Rig::new(), Log::default());
    let writer = log.clone();
    let _guard = tracing::subscriber::set_default(taskback::log::subscriber("info", move || writer.clone()));
    let taskback = rig.builder().step(lasting(Duration::ZERO)).build().unwrap();
    let two = [
        Message::new("m1", envelope(SWF, "m", r#"{"amount":1}"#)),
        Message::new("m2", envelope(SWF, "m", r#"{"amount":1000}"#)),
    ];
    assert!(kept(&taskback, &two).await.is_empty());
    assert!(log.text().contains("task.input_differs"), "{}", log.text());
}

/// The lease expires because the ledger does not respond. No other owner is known, so a synchronous
/// invocation must fail (for `HeldByOther` Function Compute gets status 200).
#[tokio::test(start_paused = true)]
async fn expired_lease_fails_the_invocation() {
    let rig = Rig::new();
    let ledger =
        Troubled::new(&[("renew", Trouble::Unavailable, 999), ("release", Trouble::Unavailable, 999)]);
    let taskback = rig.builder().step(lasting(Duration::from_secs(100))).ledger(ledger).build().unwrap();
    let answer = taskback.handle(&direct_event(&envelope(SWF, "m", "{}")), 5 * MINUTE).await;
    let error = answer.unwrap_err();
    assert!(matches!(error, InvocationError::MessageNacked(_)), "{} {error}", error.name());
}

/// The response to the claim of a group's second task arrives after the step deadline: the step must not
/// start.
#[tokio::test(start_paused = true)]
async fn step_never_starts_past_its_deadline() {
    let (rig, begun) = (Rig::new(), Arc::new(AtomicU32::new(0)));
    let slow = Trouble::Slow(Duration::from_millis(60));
    let ledger = Troubled::new(&[("claim", slow, 9)]);
    let count = Arc::clone(&begun);
    let step = move |_: Task<Value>| {
        count.fetch_add(1, Ordering::SeqCst);
        async {
            sleep(Duration::from_millis(2300)).await;
            Ok::<_, StepError>("done")
        }
    };
    let taskback = rig.builder().step(step).ledger(ledger).concurrency(1).build().unwrap();
    // Of 3 s, steps have 2.4 s. The first ends at 2.36 s; the response to the second claim arrives at 2.42 s.
    let kept = kept_within(&taskback, &[message(SWF, "a"), message(SWF, "b")], Duration::from_secs(3)).await;
    assert_eq!(kept, ["b"]);
    assert_eq!(begun.load(Ordering::SeqCst), 1, "the second began with no time, and was cut off");
}

/// The ledger responds that another owner holds the task while an unrecorded outcome is being reported.
#[tokio::test(start_paused = true)]
async fn unrecorded_outcome_yields_to_another_owner() {
    let rig = Rig::new();
    rig.swf.fail_with([Fault::Hangs, Fault::Hangs, Fault::Hangs]);
    let ledger = Troubled::new(&[("renew", Trouble::Superseded, 9), ("decide", Trouble::Unavailable, 99)]);
    let taskback = rig.builder().step(lasting(Duration::ZERO)).ledger(ledger).build().unwrap();
    let kept = kept_within(&taskback, &[message(SWF, "m")], 10 * MINUTE).await;
    assert!(rig.swf.accepted(&token(SWF, "m")).is_empty());
    assert_eq!(kept, ["m"]);
}

fn fnf_reading() -> MessageFormat {
    MessageFormat { service: Some(Service::Fnf), ..MessageFormat::default() }
}

/// A poll response with its event id as text, and a service name with a space: neither is an FnF task.
#[test]
fn near_misses_never_change_the_service() {
    let mut wrong = Vec::new();
    for body in [
        r#"{"taskToken":"t","activityId":"a","startedEventId":"5","workflowExecution":{"workflowId":"w","runId":"r"},"activityType":{"name":"n","version":"1"},"input":"{}"}"#,
        r#"{"taskToken":"t","activityId":"a","workflowExecution":{"workflowId":"w","runId":"r"},"activityType":{"name":"n","version":"1"},"input":"{}"}"#,
        r#"{"service":"swf ","taskToken":"t","input":{}}"#,
        r#"{"service":"SWF\n","taskToken":"t","input":{}}"#,
    ] {
        let task = fnf_reading().task(body);
        if task.is_ok_and(|task| task.token.service() != SWF) {
            wrong.push(body);
        }
    }
    assert!(wrong.is_empty(), "tasks of FnF: {wrong:#?}");
}

/// In some triggers the sender chooses the message's id.
#[tokio::test(start_paused = true)]
async fn message_ids_show_no_token() {
    let (rig, log) = (Rig::new(), Log::default());
    let writer = log.clone();
    let _guard = tracing::subscriber::set_default(taskback::log::subscriber("info", move || writer.clone()));
    let taskback = rig.builder().step(|_: Task<Value>| async { Err::<(), _>(StepError::retryable("no")) });
    let taskback = taskback.build().unwrap();
    let secret = token(SWF, "m");
    let event = serde_json::json!({
        "id": secret.expose(), "detail-type": "task", "source": "app",
        "detail": {"service": "swf", "taskToken": secret.expose(), "input": {}}
    });
    let event = serde_json::value::to_raw_value(&event).unwrap();
    taskback.handle(&event, MINUTE).await.unwrap_err();
    assert!(!log.text().contains(secret.expose()), "{}", log.text());
}

#[cfg(feature = "dynamodb")]
mod dynamodb {
    use taskback::LedgerFailurePolicy;
    use taskback::ledger::DynamoDb;
    use taskback::{Clients, Settings, aws};

    use super::*;
    use crate::wire::server::{Reply, Server};

    fn ledger(url: &str) -> Arc<DynamoDb> {
        let settings = Settings::from_vars([("AWS_ENDPOINT_URL_DYNAMODB".into(), url.into())]).unwrap();
        let client = Clients::from_sdk_config(aws::local("http://elsewhere.invalid"), &settings).dynamodb();
        Arc::new(DynamoDb::new(client, "tasks"))
    }

    /// DynamoDB responded, refused and wrote nothing, so the ledger is reachable.
    #[tokio::test]
    async fn expired_credentials_are_not_an_outage() {
        let body = r#"{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"expired"}"#;
        let refused = Reply::http(400, "x-amzn-requestid: REQ\r\n", body);
        let (rig, server) = (Rig::new(), Server::start(vec![refused; 9]).await);
        let taskback = rig.builder().step(lasting(Duration::ZERO)).ledger(ledger(&server.url));
        let taskback = taskback.ledger_failure(LedgerFailurePolicy::FailOpen).build().unwrap();
        assert_eq!(kept(&taskback, &[message(SWF, "m")]).await, ["m"]);
        assert_eq!(rig.swf.attempts(&token(SWF, "m")), 0, "the step ran without a lease");
    }

    /// Only DynamoDB's own response counts, and it has a request id, also where a condition failed.
    #[tokio::test]
    async fn item_without_request_id_is_not_receipt() {
        let body = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed","Item":{"state":{"S":"Reported"},"digest":{"S":"00"},"owner":{"S":"a"},"epoch":{"N":"1"},"receipt":{"S":"{\"Recorded\":{\"request_id\":null}}"}}}"#;
        let forged = Reply::http(400, "", body);
        let (rig, server) = (Rig::new(), Server::start(vec![forged; 9]).await);
        let taskback =
            rig.builder().step(lasting(Duration::ZERO)).ledger(ledger(&server.url)).build().unwrap();
        assert_eq!(kept(&taskback, &[message(SWF, "m")]).await, ["m"]);
    }
}

/// Some of AWS's own errors have both `message` and `Message`.
#[test]
fn message_spelled_twice_hides_no_code() {
    let body = br#"{"__type":"com.amazon.coral.availability#ThrottlingException","message":"Rate exceeded","Message":"Rate exceeded"}"#;
    let answer = taskback_core::swf::reply(400, None, Some("id"), body);
    let error =
        taskback_core::judge_response(&token(SWF, "m"), &answer, taskback_core::PriorAttempts::default())
            .unwrap_err();
    assert_eq!(error.kind, taskback::ReportErrorKind::Throttled, "{error}");
}

/// A step that blocks its thread cannot be stopped. While it runs, the task does not run a second time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn blocking_step_never_runs_beside_itself() {
    let (rig, running, most) = (Rig::new(), Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let seen = Arc::clone(&most);
    let step = move |_: Task<Value>| {
        let (running, seen) = (Arc::clone(&running), Arc::clone(&seen));
        async move {
            seen.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(3500));
            running.fetch_sub(1, Ordering::SeqCst);
            Ok::<_, StepError>("done")
        }
    };
    let taskback = rig.builder().step(step).build().unwrap();
    // Also past the lease, which ends at the report deadline.
    for _ in 0..3 {
        assert_eq!(kept_within(&taskback, &[message(SWF, "m")], Duration::from_secs(1)).await, ["m"]);
        sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(most.load(Ordering::SeqCst), 1, "two runs of one task side by side, with a healthy ledger");
}

/// A flow that may already hold the token will report, so the last delivery must not fail its task.
#[tokio::test]
async fn last_delivery_leaves_the_task_to_its_flow() {
    let flows = crate::flow::Flows::new().await;
    flows.waiting("child", 60).await;
    let opened = flows.server.state().open(taskback_local::OpenTask::new(Service::Fnf)).unwrap();
    let fault = taskback_local::Fault::new("StartExecution", taskback_local::FaultKind::LostAck).times(99);
    flows.server.state().inject(fault).unwrap();
    let services = taskback::Services::local(&flows.server.url()).unwrap();
    let keys = aliyun_fnf::Credentials::new("taskback-local", "taskback-local-secret");
    let client =
        aliyun_fnf::Client::builder().endpoint(flows.server.url()).credentials(keys).build().unwrap();
    let step = taskback::fnf_flow::StartFlow::new(client, "child");
    let taskback =
        taskback::Taskback::builder().step(step).services(services).max_receives(1).build().unwrap();
    let body = serde_json::json!({"service": "fnf", "taskToken": opened.token.expose(), "input": {}});
    let _kept = kept_within(&taskback, &[Message::new("m", body.to_string())], Duration::from_secs(5)).await;
    flows.server.state().clear_faults();
    assert_eq!(flows.server.state().receive("child", 9).len(), 1, "the child runs, and has the token");
    let task = flows.server.state().task(&opened.fingerprint).unwrap();
    assert_eq!(task.state, taskback_local::TaskState::Open, "{:?}", task.outcome);
}

/// A child execution outlasts the last delivery. Its task fails, so the child must be stopped.
#[tokio::test(start_paused = true)]
async fn last_delivery_stops_its_unfinished_execution() {
    let flows = crate::flow::Flows::new().await;
    flows.waiting("child", 600).await;
    let opened = flows.server.state().open(taskback_local::OpenTask::new(SWF)).unwrap();
    let services = taskback::Services::local(&flows.server.url()).unwrap();
    let keys = aliyun_fnf::Credentials::new("taskback-local", "taskback-local-secret");
    let client =
        aliyun_fnf::Client::builder().endpoint(flows.server.url()).credentials(keys).build().unwrap();
    let step = taskback::fnf_flow::StartFlow::new(client.clone(), "child");
    let taskback =
        taskback::Taskback::builder().step(step).services(services).max_receives(1).build().unwrap();
    let body = serde_json::json!({"service": "swf", "taskToken": opened.token.expose(), "input": {}});
    let kept = kept_within(&taskback, &[Message::new("m", body.to_string())], Duration::from_secs(10)).await;
    let task = flows.server.state().task(&opened.fingerprint).unwrap();
    let name = format!("tb-{}", opened.fingerprint);
    let child = client.call(aliyun_fnf::DescribeExecution::new("child", name)).await.unwrap();
    let goes_on = !child.status.is_final();
    assert!(!kept.is_empty() || !goes_on, "acknowledged, reported {:?}, and the child goes on", task.outcome);
}

/// The flow of a dead letter still runs, so the flow reports.
#[tokio::test]
async fn dead_letters_leave_the_task_to_its_flow() {
    let flows = crate::flow::Flows::new().await;
    flows.waiting("child", 60).await;
    let opened = flows.server.state().open(taskback_local::OpenTask::new(Service::Fnf)).unwrap();
    let fault = taskback_local::Fault::new("StartExecution", taskback_local::FaultKind::LostAck).times(99);
    flows.server.state().inject(fault).unwrap();
    let services = || taskback::Services::local(&flows.server.url()).unwrap();
    let keys = aliyun_fnf::Credentials::new("taskback-local", "taskback-local-secret");
    let client =
        aliyun_fnf::Client::builder().endpoint(flows.server.url()).credentials(keys).build().unwrap();
    let step = taskback::fnf_flow::StartFlow::new(client, "child");
    let ledger: Arc<dyn Ledger> = Arc::new(Memory::default().shared());
    let taskback = taskback::Taskback::builder().step(step).services(services()).ledger(ledger.clone());
    let body = serde_json::json!({"service": "fnf", "taskToken": opened.token.expose(), "input": {}});
    let messages = [Message::new("m", body.to_string())];
    assert_eq!(kept_within(&taskback.build().unwrap(), &messages, Duration::from_secs(5)).await, ["m"]);
    flows.server.state().clear_faults();
    assert_eq!(flows.server.state().receive("child", 9).len(), 1, "the child runs, and has the token");
    let dead =
        taskback::Taskback::builder().dead_letters().services(services()).ledger(ledger).build().unwrap();
    let _kept = kept(&dead, &messages).await;
    let task = flows.server.state().task(&opened.fingerprint).unwrap();
    assert_eq!(task.state, taskback_local::TaskState::Open, "{:?}", task.outcome);
}

/// An empty response that is declared as JSON is more often a gateway's than a step's.
#[cfg(feature = "external-steps")]
#[tokio::test]
async fn empty_json_body_is_not_output() {
    use crate::wire::server::{Reply, Server};
    let (rig, empty) = (Rig::new(), Reply::http(200, "content-type: application/json\r\n", ""));
    let server = Server::start([empty]).await;
    let url = taskback::StepUrl::parse(&server.url, None).unwrap();
    let taskback = rig.builder().step(taskback::HttpStep::new(url).unwrap()).build().unwrap();
    let kept = kept(&taskback, &[message(SWF, "m")]).await;
    assert_eq!((kept, rig.swf.accepted(&token(SWF, "m"))), (vec!["m".to_owned()], vec![]));
}
