//! The ledger in DynamoDB, against moto.

mod calls;
mod peer;

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use taskback::ledger::{Claim, Lease, Ledger, LedgerError, WriteResult};
use taskback::testing::{Fault, Message};
use taskback::{ClosedBy, Outcome, Receipt, Service, StepError, Task};

use crate::ledger::records::{records_are_shown, workflow_is_found};
use crate::ledger::{LEASE, claim, claimed, decided, follows_the_rules, key, output, random};
use crate::storm::workers_leave_one_outcome_per_task;
use crate::support::{Rig, kept, message, token};
use peer::{Clock, Table};

const DAY: u64 = 24 * 3600;

#[tokio::test]
async fn dynamodb_follows_the_rules() {
    let (table, clock) = (Table::create("rules").await, Clock::default());
    let ledger = table.ledger(&clock);
    follows_the_rules(&ledger, async |time| clock.advance(time)).await;
    records_are_shown(&ledger, async |time| clock.advance(time)).await;
    workflow_is_found(&ledger).await;
}

/// Also if a response is lost and the call is repeated.
#[test]
fn dynamodb_agrees_with_the_rules() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (table, count) = (runtime.block_on(Table::create("agreement")), Cell::new(0));
    let agree = random::runner(24).run(&random::calls(), |calls| {
        count.set(count.get() + 1);
        let (clock, key) = (Clock::default(), key(&count.get().to_string()));
        let (ledger, later) = (table.ledger(&clock), async |time| clock.advance(time));
        runtime.block_on(random::agrees(&ledger, &key, Duration::from_secs(2), later, &calls))
    });
    agree.unwrap();
}

#[tokio::test]
async fn lease_ends_two_seconds_after_expiry() {
    let (table, clock) = (Table::create("margin").await, Clock::default());
    let ledger = table.ledger(&clock);
    claimed(&ledger, &key("t"), "a").await;
    clock.advance(LEASE + Duration::from_millis(1999));
    let left = Duration::from_millis(1);
    assert_eq!(claim(&ledger, &key("t"), "b").await, Ok(Claim::HeldByOther(left)));
    clock.advance(left);
    assert_eq!(claimed(&ledger, &key("t"), "b").await.epoch, 2);
}

#[tokio::test]
async fn fast_clock_shortens_no_lease() {
    let (table, clock) = (Table::create("skew").await, Clock::default());
    let ahead = Clock::default();
    ahead.advance(Duration::from_secs(2));
    let lease = claimed(&table.ledger(&clock), &key("t"), "a").await;
    for clock in [&clock, &ahead] {
        clock.advance(LEASE - Duration::from_secs(1));
    }
    let claim = claim(&table.ledger(&ahead), &key("t"), "b").await;
    assert_eq!(claim, Ok(Claim::HeldByOther(Duration::from_secs(1))));
    assert_eq!(table.ledger(&clock).renew(&key("t"), &lease, LEASE).await, Ok(WriteResult::Applied));
}

/// The first renewal had no answer in time and was repeated; the store performs it after the second one.
#[tokio::test]
async fn late_renewal_shortens_no_lease() {
    let (table, clock) = (Table::create("late").await, Clock::default());
    let (ledger, other) = (table.ledger(&clock), Clock::default());
    let lease = claimed(&ledger, &key("t"), "a").await;
    clock.advance(Duration::from_secs(20));
    let late = table.ledger(&clock.stopped());
    clock.advance(Duration::from_secs(5));
    assert_eq!(ledger.renew(&key("t"), &lease, LEASE).await, Ok(WriteResult::Applied));
    assert_eq!(late.renew(&key("t"), &lease, LEASE).await, Ok(WriteResult::Applied));
    // The owner counts on 60 s from the second renewal, and may report an unrecorded outcome until then.
    other.advance(Duration::from_secs(25) + LEASE - Duration::from_secs(1));
    let claim = claim(&table.ledger(&other), &key("t"), "b").await;
    assert_eq!(claim, Ok(Claim::HeldByOther(Duration::from_secs(3))));
}

#[tokio::test]
async fn item_holds_its_state_for_35_days() {
    let (table, clock) = (Table::create("items").await, Clock::default());
    let (ledger, key, outcome) = (table.ledger(&clock), key("t"), output("{\"n\": 1.50}"));
    let (digest, input) = (outcome.digest(), output("{}").digest().hex());

    claimed(&ledger, &key, "a").await;
    let lease_until = (clock.seconds() + LEASE.as_secs()) * 1000;
    let running = table.shown(&key).await;
    assert_eq!(
        running,
        format!(
            "epoch=1 expires={} input={input} leaseUntil={lease_until} owner=a state=Running",
            clock.seconds() + 35 * DAY
        )
    );
    clock.advance(Duration::from_secs(1));
    ledger.release(&key, &claimed(&ledger, &key, "a").await).await.unwrap();
    let ends = clock.seconds() + 35 * DAY;
    assert_eq!(
        table.shown(&key).await,
        format!("epoch=1 expires={ends} input={input} owner=a state=Released")
    );

    clock.advance(Duration::from_secs(1));
    decided(&ledger, &key, &outcome).await;
    let ends = clock.seconds() + 35 * DAY;
    assert_eq!(
        table.shown(&key).await,
        format!(
            "digest={} epoch=2 expires={ends} input={input} outcome={{\"Succeeded\":{{\"n\": 1.50}}}} owner=decides \
             state=Decided",
            digest.hex()
        )
    );

    clock.advance(Duration::from_secs(1));
    ledger.mark_reported(&key, digest, &Receipt::Closed { closed_by: ClosedBy::ProbablyUs }).await.unwrap();
    let ends = clock.seconds() + 35 * DAY;
    assert_eq!(
        table.shown(&key).await,
        format!(
            "digest={} epoch=2 expires={ends} input={input} owner=decides receipt={{\"Closed\":{{\"closedBy\":\"probably-us\"}}}} \
             state=Reported",
            digest.hex()
        )
    );
}

#[tokio::test]
async fn item_names_its_workflow() {
    let (table, rig) = (Table::create("workflows").await, Rig::new());
    let (ledger, task) = (Arc::new(table.ledger(&Clock::default())), token(Service::Swf, "t"));
    let taskback = rig.builder().ledger(ledger).step(async |_: Task<Value>| Ok::<_, StepError>(()));
    let body = format!(
        r#"{{"service":"swf","taskToken":"{0}","input":{{}},"execution":{{"workflowId":"order-7","runId":"{0}"}}}}"#,
        task.expose()
    );
    assert!(kept(&taskback.build().unwrap(), &[Message::new("m", body)]).await.is_empty());
    let item = table.shown(&task.fingerprint()).await;
    let mark = task.scrub(task.expose());
    assert!(item.contains(&format!(r#"execution={{"workflowId":"order-7","runId":"{mark}"}}"#)), "{item}");
}

#[tokio::test]
async fn expired_item_still_counts() {
    let (table, clock) = (Table::create("ttl").await, Clock::default());
    let (ledger, receipt) = (table.ledger(&clock), Receipt::Recorded { request_id: None });
    let digest = decided(&ledger, &key("reported"), &output("1")).await;
    ledger.mark_reported(&key("reported"), digest, &receipt).await.unwrap();
    decided(&ledger, &key("decided"), &output("1")).await;
    clock.advance(Duration::from_secs(36 * DAY));
    assert_eq!(claim(&ledger, &key("reported"), "b").await, Ok(Claim::Reported(receipt)));
    assert_eq!(claim(&ledger, &key("decided"), "b").await, Ok(Claim::Decided(output("1"))));
}

#[tokio::test]
async fn changed_item_is_unreadable() {
    let (table, clock) = (Table::create("changed").await, Clock::default());
    let ledger = table.ledger(&clock);
    let text = |text: &str| AttributeValue::S(text.into());
    let number = |number: &str| AttributeValue::N(number.into());
    let digest = output("1").digest().hex();
    let lease = [("owner", text("a")), ("epoch", number("1"))];
    let decided = [("state", text("Decided")), ("digest", text(&digest))];
    let cases = [
        vec![],
        vec![("state", text("Done")), ("epoch", number("1"))],
        vec![("state", number("1"))],
        vec![("state", text("Released"))],
        [&lease[..], &[("state", text("Running"))]].concat(),
        vec![("state", text("Running")), ("owner", text("a")), ("leaseUntil", number("0"))],
        [&lease[..], &decided].concat(),
        [&lease[..], &decided, &[("outcome", text("{\"Succeeded\":2}"))]].concat(),
        [&lease[..], &decided, &[("outcome", text("{\"Succeeded\""))]].concat(),
        [&lease[..], &[("state", text("Reported")), ("digest", text(&digest))]].concat(),
    ];
    for (n, attributes) in cases.into_iter().enumerate() {
        let key = key(&format!("changed {n}"));
        table.put(&key, &attributes).await;
        let before = table.shown(&key).await;
        let unreadable = LedgerError::Refused("DynamoDB table changed in us-east-1: unreadable item".into());
        assert_eq!(claim(&ledger, &key, "b").await, Err(unreadable), "{before}");
        // A refused write counts as refused, whatever the item contains.
        let lease = Lease { owner: "b".into(), epoch: 1 };
        let (digest, receipt) = (output("3").digest(), Receipt::Recorded { request_id: None });
        assert_eq!(ledger.renew(&key, &lease, LEASE).await, Ok(WriteResult::Superseded), "{before}");
        assert_eq!(ledger.decide(&key, &lease, &output("3")).await, Ok(WriteResult::Superseded), "{before}");
        assert_eq!(ledger.replace(&key, digest, &output("4")).await, Ok(WriteResult::Superseded), "{before}");
        assert_eq!(
            ledger.mark_reported(&key, digest, &receipt).await,
            Ok(WriteResult::Superseded),
            "{before}"
        );
        assert_eq!(ledger.release(&key, &lease).await, Ok(()), "{before}");
        assert_eq!(table.shown(&key).await, before);
    }
}

#[tokio::test]
async fn longest_outcome_is_stored() {
    let (table, clock) = (Table::create("sizes").await, Clock::default());
    let ledger = table.ledger(&clock);
    // The item stores it as {"Succeeded":"…"}.
    let longest = output(&format!("\"{}\"", "x".repeat(380 * 1024 - 16)));
    assert!(ledger.fits(&longest));
    decided(&ledger, &key("t"), &longest).await;
    assert_eq!(claim(&ledger, &key("t"), "b").await, Ok(Claim::Decided(longest)));
    assert!(!ledger.fits(&output(&format!("\"{}\"", "x".repeat(380 * 1024 - 15)))));
}

#[tokio::test]
async fn output_beyond_item_limit_is_too_large() {
    let (table, clock) = (Table::create("room").await, Clock::default());
    let service = peer::Roomy::default();
    let step = async |_: Task<Value>| Ok::<_, StepError>("x".repeat(400 * 1024));
    let taskback = taskback::Taskback::builder()
        .services(taskback::Services::default().with(service.clone()))
        .ledger(Arc::new(table.ledger(&clock)))
        .step(step)
        .build()
        .unwrap();
    let token = token(Service::Swf, "t");
    assert!(kept(&taskback, &[message(Service::Swf, "t")]).await.is_empty());
    assert_eq!(service.0.accepted(&token), [Outcome::output_too_large()]);
    let claim = claim(&table.ledger(&clock), &token.fingerprint(), "b").await;
    assert_eq!(claim, Ok(Claim::Reported(Receipt::Recorded { request_id: None })));
}

#[tokio::test]
async fn killed_workers_leave_one_outcome_per_task() {
    Table::create("killed").await;
    let vars = [("TASKBACK_LEDGER", "dynamodb:killed"), ("AWS_ENDPOINT_URL_DYNAMODB", &peer::url())];
    workers_leave_one_outcome_per_task(&vars, 20).await;
}

#[tokio::test]
async fn another_process_reports_a_decided_outcome() {
    let (table, clock, rig) = (Table::create("processes").await, Clock::default(), Rig::new());
    let process = |output: &'static str| {
        let step = move |_: Task<Value>| std::future::ready(Ok::<_, StepError>(output));
        rig.builder().ledger(Arc::new(table.ledger(&clock))).step(step).build().unwrap()
    };
    let tasks = [message(Service::Swf, "t")];
    rig.swf.fail_with([Fault::Denied]);
    assert_eq!(kept(&process("first"), &tasks).await, ["t"]);
    assert!(kept(&process("second"), &tasks).await.is_empty());
    assert!(kept(&process("third"), &tasks).await.is_empty());
    let token = token(Service::Swf, "t");
    assert_eq!(rig.swf.accepted(&token), [output("\"first\"")]);
    assert_eq!(rig.swf.attempts(&token), 2, "refused, then reported; the third found the receipt");
}
