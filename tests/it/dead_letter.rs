//! Who still waits when a message has reached the dead-letter queue is told, once and truly.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use taskback::core::{Fingerprint, Outcome, Output, Service};
use taskback::ledger::{Claim, Ledger, Memory};
use taskback::settings::LedgerDown;
use taskback::testing::{Fault, Message};
use taskback::{StepError, Task, Taskback};

use crate::support::{Rig, envelope, kept, message, token};

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

    fn told(&self, service: Service) -> Vec<Outcome> {
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
async fn without_a_shared_ledger_the_handler_does_not_start() {
    let error = Rig::new().builder().dead_letters().build().err().unwrap();
    assert!(error.to_string().contains("TASKBACK_LEDGER=dynamodb:TABLE"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_nobody_ran_or_finished_fails_and_says_which() {
    for service in BOTH {
        let queues = Queues::new();
        assert!(kept(&queues.dead_letters, &[message(service, "m").received(4)]).await.is_empty());
        assert_eq!(queues.told(service), [dead_lettered("received 4 times, the step never ran")]);

        let queues = Queues::new();
        assert_eq!(kept(&queues.worker, &[message(service, "m")]).await, ["m"]);
        assert!(kept(&queues.dead_letters, &[message(service, "m").received(2)]).await.is_empty());
        assert_eq!(
            queues.told(service),
            [dead_lettered("received 2 times, the step ran without an outcome")]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_decided_is_told_as_it_was() {
    for service in BOTH {
        let queues = Queues::new();
        queues.rig.of(service).fail_with([Fault::Denied]);
        let works = Message::new("m", envelope(service, "m", "\"works\""));
        assert_eq!(kept(&queues.worker, std::slice::from_ref(&works)).await, ["m"]);
        assert!(kept(&queues.dead_letters, &[works.received(2)]).await.is_empty());
        assert_eq!(queues.told(service), [Outcome::Succeeded(Output::new(&"done").unwrap())]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_somebody_runs_is_left_alone_until_its_lease_is_over() {
    for service in BOTH {
        let queues = Queues::new();
        let claim = queues.ledger.claim(&key(service), "a worker", Duration::from_secs(60)).await.unwrap();
        assert!(matches!(claim, Claim::Ours(_)));
        assert_eq!(kept(&queues.dead_letters, &[message(service, "m").received(2)]).await, ["m"]);
        assert!(queues.told(service).is_empty());

        tokio::time::advance(Duration::from_secs(61)).await;
        assert!(kept(&queues.dead_letters, &[message(service, "m").received(3)]).await.is_empty());
        assert_eq!(queues.told(service).len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_told_already_is_done_without_a_word() {
    for service in BOTH {
        let queues = Queues::new();
        let works = Message::new("m", envelope(service, "m", "\"works\""));
        assert!(kept(&queues.worker, std::slice::from_ref(&works)).await.is_empty());
        assert!(kept(&queues.dead_letters, &[works.received(2)]).await.is_empty());
        assert_eq!(queues.rig.of(service).attempts(&token(service, "m")), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_stays() {
    let queues = Queues::new();
    assert_eq!(kept(&queues.dead_letters, &[Message::new("m", "no json")]).await, ["m"]);
}

#[tokio::test(start_paused = true)]
async fn the_record_of_a_failed_invocation_brings_its_task() {
    let queues = Queues::new();
    let payload = envelope(Service::Fnf, "m", "{}");
    let record = format!(
        r#"{{"version":"1.0","requestContext":{{"condition":"RetriesExhausted","approximateInvokeCount":3}},
            "requestPayload":{payload},"responseContext":{{"functionError":"Unhandled"}},"responsePayload":null}}"#
    );
    assert!(kept(&queues.dead_letters, &[Message::new("m", record)]).await.is_empty());
    assert_eq!(queues.told(Service::Fnf).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn with_the_ledger_down_nothing_is_failed_whatever_the_setting() {
    let full = Arc::new(Memory::new(0).shared());
    let rig = Rig::new();
    let builder = rig.builder().ledger_down(LedgerDown::Open).dead_letters();
    let dead_letters = builder.ledger(full).build().unwrap();
    assert_eq!(kept(&dead_letters, &[message(Service::Fnf, "m").received(9)]).await, ["m"]);
    assert_eq!(rig.fnf.attempts(&token(Service::Fnf, "m")), 0);
}
