//! A workflow that still waits when its message reaches the dead-letter queue gets one correct report.

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use taskback::ledger::{Claim, Memory};
use taskback::testing::{Fault, Message};
use taskback::{Fingerprint, LedgerFailurePolicy, Outcome, Output, Service};
use taskback::{StepError, Task, Taskback};

use crate::ledger::claim;
use crate::support::{Rig, envelope, invoke, kept, message, token};

const BOTH: [Service; 2] = [Service::Fnf, Service::Swf];

struct Queues {
    rig: Rig,
    ledger: Arc<Memory>,
    worker: Taskback,
    dead_letters: Taskback,
}

impl Queues {
    fn new() -> Self {
        async fn unlucky(task: Task<Value>) -> Result<&'static str, StepError> {
            if task.input == "works" { Ok("done") } else { Err(StepError::retryable("not yet")) }
        }
        let rig = Rig::new();
        let ledger = Arc::new(Memory::default().shared());
        let worker = rig.builder().step(unlucky).ledger(ledger.clone()).build().unwrap();
        let dead_letters = rig.builder().dead_letters().ledger(ledger.clone()).build().unwrap();
        Self { rig, ledger, worker, dead_letters }
    }

    fn reported(&self, service: Service) -> Vec<Outcome> {
        self.rig.of(service).accepted(&token(service, "m"))
    }
}

fn key(service: Service) -> Fingerprint {
    token(service, "m").fingerprint()
}

fn dead_lettered(cause: &str) -> Outcome {
    Outcome::failed("DeadLettered", format!("the message reached the dead-letter queue: {cause}"))
}

#[tokio::test]
async fn handler_requires_a_shared_ledger() {
    let error = Rig::new().builder().dead_letters().build().err().unwrap();
    assert!(error.to_string().contains("such as dynamodb:TABLE"), "{error}");
}

/// The cause says that the step never ran, or that it ran without an outcome.
#[tokio::test(start_paused = true)]
async fn unfinished_task_fails_with_its_history() {
    for service in BOTH {
        let queues = Queues::new();
        assert!(kept(&queues.dead_letters, &[message(service, "m").received(4)]).await.is_empty());
        assert_eq!(queues.reported(service), [dead_lettered("received 4 times, the step never ran")]);

        let queues = Queues::new();
        assert_eq!(kept(&queues.worker, &[message(service, "m")]).await, ["m"]);
        assert!(kept(&queues.dead_letters, &[message(service, "m").received(2)]).await.is_empty());
        assert_eq!(
            queues.reported(service),
            [dead_lettered("received 2 times, the step ran without an outcome")]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn decided_outcome_is_reported_unchanged() {
    for service in BOTH {
        let queues = Queues::new();
        queues.rig.of(service).fail_with([Fault::Denied]);
        let works = Message::new("m", envelope(service, "m", "\"works\""));
        assert_eq!(kept(&queues.worker, std::slice::from_ref(&works)).await, ["m"]);
        assert!(kept(&queues.dead_letters, &[works.received(2)]).await.is_empty());
        assert_eq!(queues.reported(service), [Outcome::Succeeded(Output::new(&"done").unwrap())]);
    }
}

#[tokio::test(start_paused = true)]
async fn live_lease_defers_the_report() {
    for service in BOTH {
        let queues = Queues::new();
        let claim = claim(&*queues.ledger, &key(service), "a worker").await.unwrap();
        assert!(matches!(claim, Claim::Acquired(_)));
        assert_eq!(kept(&queues.dead_letters, &[message(service, "m").received(2)]).await, ["m"]);
        assert!(queues.reported(service).is_empty());

        tokio::time::advance(Duration::from_secs(61)).await;
        assert!(kept(&queues.dead_letters, &[message(service, "m").received(3)]).await.is_empty());
        assert_eq!(queues.reported(service).len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn reported_task_is_acknowledged_without_report() {
    for service in BOTH {
        let queues = Queues::new();
        let works = Message::new("m", envelope(service, "m", "\"works\""));
        assert!(kept(&queues.worker, std::slice::from_ref(&works)).await.is_empty());
        assert!(kept(&queues.dead_letters, &[works.received(2)]).await.is_empty());
        assert_eq!(queues.rig.of(service).attempts(&token(service, "m")), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn unreadable_message_is_nacked() {
    let queues = Queues::new();
    assert_eq!(kept(&queues.dead_letters, &[Message::new("m", "no json")]).await, ["m"]);
}

#[tokio::test(start_paused = true)]
async fn failed_invocation_record_contains_its_task() {
    let queues = Queues::new();
    let payload = envelope(Service::Fnf, "m", "{}");
    let record = format!(
        r#"{{"version":"1.0","requestContext":{{"condition":"RetriesExhausted","approximateInvokeCount":3}},
            "requestPayload":{payload},"responseContext":{{"functionError":"Unhandled"}},"responsePayload":null}}"#
    );
    assert!(kept(&queues.dead_letters, &[Message::new("m", record)]).await.is_empty());
    assert_eq!(queues.reported(Service::Fnf).len(), 1);
}

/// As Function Compute sends it, also by a queue, and around the record of the handler's own failed invocation.
#[tokio::test(start_paused = true)]
async fn failed_mns_batch_contains_every_task() {
    let queued = |body: &str| json!({"specversion": "1.0", "id": "e", "type": "mns:Queue:SendMessage", "data": {"messageId": "m", "messageBody": body}});
    let bodies = BOTH.map(|service| queued(&envelope(service, "m", "{}")));
    let record = |payload: &Value| {
        json!({
            "timestamp": 1_660_120_276_975_u64,
            "requestContext": {"requestId": "r", "condition": "UnhandledInvocationError", "approximateInvokeCount": 4},
            "requestPayload": payload.to_string(),
            "responseContext": {"statusCode": 200, "functionError": "UnhandledInvocationError"},
            "responsePayload": r#"{"errorType":"MessageNacked"}"#,
        })
    };
    let failed = record(&json!(bodies));
    let topic = record(&json!({"body": envelope(Service::Swf, "m", "{}"), "attrs": {}}));
    for (event, count) in [
        (failed.clone(), 2),
        (json!([queued(&failed.to_string())]), 2),
        (json!([queued(&record(&failed).to_string())]), 2),
        (topic, 1),
    ] {
        let queues = Queues::new();
        let answer = invoke(&queues.dead_letters, &to_raw_value(&event).unwrap()).await;
        assert_eq!(answer, Ok(json!({"done": count})), "{event}");
        // The fifth is the record itself.
        let expected = dead_lettered("received 5 times, the step never ran");
        assert_eq!(queues.reported(Service::Swf), [expected], "{event}");
        assert_eq!(queues.reported(Service::Fnf).len(), count - 1, "{event}");
    }
}

/// An invocation by an asynchronous call, whose event Function Compute has as text.
#[tokio::test(start_paused = true)]
async fn failed_direct_invocation_contains_its_task() {
    let queues = Queues::new();
    let record =
        json!({"requestContext": {"requestId": "r"}, "requestPayload": envelope(Service::Fnf, "m", "{}")});
    let answer = invoke(&queues.dead_letters, &to_raw_value(&record).unwrap()).await.unwrap();
    assert_eq!(answer["error"], "DeadLettered", "{answer}");
}

/// Not even with `fail-open`.
#[tokio::test(start_paused = true)]
async fn ledger_outage_fails_no_task() {
    let full = Arc::new(Memory::new(0).shared());
    let rig = Rig::new();
    let builder = rig.builder().ledger_failure(LedgerFailurePolicy::FailOpen).dead_letters();
    let dead_letters = builder.ledger(full).build().unwrap();
    assert_eq!(kept(&dead_letters, &[message(Service::Fnf, "m").received(9)]).await, ["m"]);
    assert_eq!(rig.fnf.attempts(&token(Service::Fnf, "m")), 0);
}
