//! The ledger in DynamoDB, against moto.

mod killed;
mod peer;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use taskback::core::{Ours, Outcome, Receipt, Service};
use taskback::ledger::{Claim, DynamoDb, Held, Hold, Ledger, Unreachable};
use taskback::testing::Fault;
use taskback::{StepError, Task};

use crate::ledger::{LEASE, claimed, decided, keeps_the_rules, key, output};
use crate::support::{Rig, kept, message, token};
use crate::wire::server::{Reply, Server};
use peer::{Clock, Table};

const DAY: u64 = 24 * 3600;

#[tokio::test]
async fn dynamodb_keeps_the_rules() {
    let (table, clock) = (Table::create("rules").await, Clock::default());
    keeps_the_rules(&table.ledger(&clock), async |time| clock.advance(time)).await;
}

#[tokio::test]
async fn a_lease_counts_as_over_two_seconds_after_its_end() {
    let (table, clock) = (Table::create("margin").await, Clock::default());
    let ledger = table.ledger(&clock);
    claimed(&ledger, &key("t"), "a").await;
    clock.advance(LEASE + Duration::from_millis(1999));
    let left = Duration::from_millis(1);
    assert_eq!(ledger.claim(&key("t"), "b", LEASE).await, Ok(Claim::Running(left)));
    clock.advance(left);
    assert_eq!(claimed(&ledger, &key("t"), "b").await.epoch, 2);
}

#[tokio::test]
async fn a_clock_that_is_ahead_cuts_no_lease_short() {
    let (table, clock) = (Table::create("skew").await, Clock::default());
    let ahead = Clock::default();
    ahead.advance(Duration::from_secs(2));
    let hold = claimed(&table.ledger(&clock), &key("t"), "a").await;
    for clock in [&clock, &ahead] {
        clock.advance(LEASE - Duration::from_secs(1));
    }
    let claim = table.ledger(&ahead).claim(&key("t"), "b", LEASE).await;
    assert_eq!(claim, Ok(Claim::Running(Duration::from_secs(1))));
    assert_eq!(table.ledger(&clock).renew(&key("t"), &hold, LEASE).await, Ok(Held::Yes));
}

#[tokio::test]
async fn an_item_holds_what_its_state_needs_and_ends_35_days_after_the_last_transition() {
    let (table, clock) = (Table::create("items").await, Clock::default());
    let (ledger, key, outcome) = (table.ledger(&clock), key("t"), output("{\"n\": 1.50}"));
    let digest = outcome.digest();

    claimed(&ledger, &key, "a").await;
    let lease_until = (clock.seconds() + LEASE.as_secs()) * 1000;
    let running = table.shown(&key).await;
    assert_eq!(
        running,
        format!(
            "epoch=1 expires={} leaseUntil={lease_until} owner=a state=Running",
            clock.seconds() + 35 * DAY
        )
    );
    clock.advance(Duration::from_secs(1));
    ledger.release(&key, &claimed(&ledger, &key, "a").await).await.unwrap();
    let ends = clock.seconds() + 35 * DAY;
    assert_eq!(table.shown(&key).await, format!("epoch=1 expires={ends} owner=a state=Released"));

    clock.advance(Duration::from_secs(1));
    decided(&ledger, &key, &outcome).await;
    let ends = clock.seconds() + 35 * DAY;
    assert_eq!(
        table.shown(&key).await,
        format!(
            "digest={} epoch=2 expires={ends} outcome={{\"Succeeded\":{{\"n\": 1.50}}}} owner=decides state=Decided",
            digest.hex()
        )
    );

    clock.advance(Duration::from_secs(1));
    ledger.reported(&key, digest, &Receipt::Closed { ours: Ours::Likely }).await.unwrap();
    let ends = clock.seconds() + 35 * DAY;
    assert_eq!(
        table.shown(&key).await,
        format!(
            "digest={} epoch=2 expires={ends} owner=decides receipt={{\"Closed\":{{\"ours\":\"likely\"}}}} \
             state=Reported",
            digest.hex()
        )
    );
}

#[tokio::test]
async fn an_item_past_its_time_to_live_still_counts() {
    let (table, clock) = (Table::create("ttl").await, Clock::default());
    let (ledger, receipt) = (table.ledger(&clock), Receipt::Recorded { request_id: None });
    let digest = decided(&ledger, &key("told"), &output("1")).await;
    ledger.reported(&key("told"), digest, &receipt).await.unwrap();
    decided(&ledger, &key("untold"), &output("1")).await;
    clock.advance(Duration::from_secs(36 * DAY));
    assert_eq!(ledger.claim(&key("told"), "b", LEASE).await, Ok(Claim::Reported(receipt)));
    assert_eq!(ledger.claim(&key("untold"), "b", LEASE).await, Ok(Claim::Decided(output("1"))));
}

#[tokio::test]
async fn an_item_that_somebody_changed_is_unreadable_and_never_taken_for_absent() {
    let (table, clock) = (Table::create("changed").await, Clock::default());
    let ledger = table.ledger(&clock);
    let text = |text: &str| AttributeValue::S(text.into());
    let number = |number: &str| AttributeValue::N(number.into());
    let digest = output("1").digest().hex();
    let hold = [("owner", text("a")), ("epoch", number("1"))];
    let decided = [("state", text("Decided")), ("digest", text(&digest))];
    let cases = [
        vec![],
        vec![("state", text("Done")), ("epoch", number("1"))],
        vec![("state", number("1"))],
        vec![("state", text("Released"))],
        [&hold[..], &[("state", text("Running"))]].concat(),
        vec![("state", text("Running")), ("owner", text("a")), ("leaseUntil", number("0"))],
        [&hold[..], &decided].concat(),
        [&hold[..], &decided, &[("outcome", text("{\"Succeeded\":2}"))]].concat(),
        [&hold[..], &decided, &[("outcome", text("{\"Succeeded\""))]].concat(),
        [&hold[..], &[("state", text("Reported")), ("digest", text(&digest))]].concat(),
    ];
    for (n, attributes) in cases.into_iter().enumerate() {
        let key = key(&format!("changed {n}"));
        table.put(&key, &attributes).await;
        let before = table.shown(&key).await;
        let unreadable = Unreachable("DynamoDB table changed: unreadable item".into());
        assert_eq!(ledger.claim(&key, "b", LEASE).await, Err(unreadable.clone()), "{before}");
        let reported = ledger.reported(&key, output("3").digest(), &Receipt::Recorded { request_id: None });
        assert_eq!(reported.await, Err(unreadable), "{before}");
        assert_eq!(table.shown(&key).await, before);
    }
}

#[tokio::test]
async fn a_missing_table_is_named_with_the_code() {
    let missing = DynamoDb::new(peer::client(&peer::url()), "nowhere");
    let error = missing.claim(&key("t"), "a", LEASE).await.unwrap_err();
    assert_eq!(error.to_string(), "ledger unreachable: DynamoDB table nowhere: ResourceNotFoundException");
}

#[tokio::test]
async fn a_call_is_one_attempt_and_its_error_shows_nothing_of_the_item() {
    let refused = |status, code: &str| {
        Reply::http(
            status,
            "",
            &format!(r#"{{"__type":"com.amazonaws.dynamodb#{code}","message":"secret"}}"#),
        )
    };
    let html = "<html>secret</html>";
    let cases = [
        (refused(400, "ThrottlingException"), "ThrottlingException"),
        (refused(400, "ProvisionedThroughputExceededException"), "ProvisionedThroughputExceededException"),
        (refused(400, "AccessDeniedException"), "AccessDeniedException"),
        (refused(400, "ValidationException"), "ValidationException"),
        (refused(500, "InternalServerError"), "InternalServerError"),
        (Reply::http(502, "content-type: text/html\r\n", html), "the reply could not be read"),
        (Reply::http(200, "content-type: text/html\r\n", html), "the reply could not be read"),
        (Reply::Reset, "the connection broke"),
    ];
    let hold = Hold { owner: "a".into(), epoch: 1 };
    for (reply, why) in cases {
        let server = Server::start([reply]).await;
        let ledger = DynamoDb::new(peer::client(&server.url), "tasks");
        let error = ledger.decide(&key("t"), &hold, &output("\"secret\"")).await.unwrap_err();
        assert_eq!(error, Unreachable(format!("DynamoDB table tasks: {why}")));
        assert_eq!(server.requests().len(), 1, "{why}");
    }
    let silent = DynamoDb::new(peer::client("http://127.0.0.1:1"), "tasks");
    let error = silent.decide(&key("t"), &hold, &output("1")).await.unwrap_err();
    assert_eq!(error, Unreachable("DynamoDB table tasks: no connection".into()));
}

#[tokio::test]
async fn an_outcome_that_fits_is_stored_and_a_longer_one_does_not_fit() {
    let (table, clock) = (Table::create("sizes").await, Clock::default());
    let ledger = table.ledger(&clock);
    // {"Succeeded":"…"} around it.
    let longest = output(&format!("\"{}\"", "x".repeat(380 * 1024 - 16)));
    assert!(ledger.fits(&longest));
    decided(&ledger, &key("t"), &longest).await;
    assert_eq!(ledger.claim(&key("t"), "b", LEASE).await, Ok(Claim::Decided(longest)));
    assert!(!ledger.fits(&output(&format!("\"{}\"", "x".repeat(380 * 1024 - 15)))));
}

#[tokio::test]
async fn an_output_without_room_in_the_ledger_is_told_as_too_large() {
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
    let claim = table.ledger(&clock).claim(&token.fingerprint(), "b", LEASE).await;
    assert_eq!(claim, Ok(Claim::Reported(Receipt::Recorded { request_id: None })));
}

#[tokio::test]
async fn what_one_process_decided_another_tells() {
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
    assert_eq!(rig.swf.attempts(&token), 2, "refused, then told; the third found the receipt");
}
