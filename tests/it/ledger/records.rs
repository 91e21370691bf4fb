//! What an operator sees of a ledger's records, and the end of a dead owner's claim.

use std::time::Duration;

use taskback::ledger::{
    Claim, ClaimRequest, LedgerRecords, Memory, RecordQuery, State, TaskRecord, WriteResult,
};
use taskback::{Execution, Fingerprint, Receipt};
use taskback_core::{durable, sfn, swf};

use super::{LEASE, claim, claimed, decided, key, output};

/// Checks every call on an empty store. `later` advances its clock.
pub(crate) async fn records_are_shown(ledger: &dyn LedgerRecords, later: impl AsyncFn(Duration)) {
    every_state_is_read(ledger, &later).await;
    revoked_owner_is_fenced(ledger).await;
    start_of_a_fingerprint_is_found(ledger).await;
    unknown_input_differs_from_none(ledger).await;
}

/// For a store that holds the ids of a workflow.
pub(crate) async fn workflow_is_found(ledger: &dyn LedgerRecords) {
    workflow_of_the_log_is_found(ledger).await;
    for (name, workflow, activity) in
        [("w1", "order-7%_!\"", "pay"), ("w2", "order-7%_!\"", "ship"), ("w3", "order-70", "pay")]
    {
        let execution = Execution::default()
            .with_text(swf::WORKFLOW_ID, Some(workflow.into()))
            .with_text(swf::ACTIVITY_ID, Some(activity.into()));
        let input = output("1").digest();
        let request = ClaimRequest { owner: "a", duration: LEASE, input: Some(input), execution: &execution };
        ledger.claim(&key(name), &request).await.unwrap();
    }
    for (text, expected) in [
        ("order-7%_!\"", vec!["w1", "w2"]),
        ("order-70", vec!["w3"]),
        ("pay", vec!["w1", "w3"]),
        ("order-7%_!\"/ship", vec!["w2"]),
        ("order-7", vec![]),
        ("order-7%", vec![]),
    ] {
        let found = ledger.search(&RecordQuery::parse(text).unwrap()).await.unwrap();
        let mut keys: Vec<_> = found.records.iter().map(|record| record.fingerprint).collect();
        let mut expected: Vec<_> = expected.into_iter().map(key).collect();
        keys.sort();
        expected.sort();
        assert_eq!((keys, found.is_partial), (expected, false), "{text}");
    }
    let found = shown(ledger, &key("w1")).await;
    let ids = |name: &str, id: &str| (name.to_owned(), id.to_owned());
    assert_eq!(found.execution.len(), 2);
    assert!(found.execution.contains(&ids("workflowId", "order-7%_!\"")), "{:?}", found.execution);
    for n in 0..25 {
        let execution = Execution::default().with_text(swf::WORKFLOW_ID, Some("many".into()));
        let input = output("1").digest();
        let request = ClaimRequest { owner: "a", duration: LEASE, input: Some(input), execution: &execution };
        ledger.claim(&key(&format!("many {n}")), &request).await.unwrap();
    }
    let found = ledger.search(&RecordQuery::parse("many").unwrap()).await.unwrap();
    assert_eq!((found.records.len(), found.is_partial), (20, true));
}

/// Ids that hold `/` themselves, and numbers.
async fn workflow_of_the_log_is_found(ledger: &dyn LedgerRecords) {
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:pay:1/durable-execution/order-9/0f";
    let text = |name: &'static str, id: &str| Execution::default().with_text(name, Some(id.to_owned()));
    let executions = [
        (
            "l1",
            text(durable::DURABLE_EXECUTION_ARN, arn).with_text(durable::CALLBACK_NAME, Some("a/b".into())),
        ),
        ("l2", text(swf::WORKFLOW_ID, "order/7").with_text(swf::ACTIVITY_ID, Some("pay 1".into()))),
        ("l3", text(sfn::EXECUTION_ARN, "arn:aws:states:7").with_number(sfn::MAP_ITEM_INDEX, Some(417))),
    ];
    for (name, execution) in &executions {
        let request = ClaimRequest { owner: "a", duration: LEASE, input: None, execution };
        ledger.claim(&key(name), &request).await.unwrap();
    }
    for (text, expected) in [
        (arn, Some("l1")),
        (&format!("{arn}/a/b"), Some("l1")),
        (&format!("{arn}/a"), None),
        ("arn:aws:lambda:us-east-1:123456789012:function:pay:1", None),
        ("order/7", Some("l2")),
        ("order/7/pay 1", Some("l2")),
        ("order/pay 1", None),
        ("417", Some("l3")),
        ("arn:aws:states:7/417", Some("l3")),
        ("arn:aws:states:7/41", None),
    ] {
        let found = ledger.search(&RecordQuery::parse(text).unwrap()).await.unwrap();
        let keys: Vec<_> = found.records.iter().map(|record| record.fingerprint).collect();
        assert_eq!((keys, found.is_partial), (expected.map(key).into_iter().collect(), false), "{text}");
    }
}

async fn shown(ledger: &dyn LedgerRecords, key: &Fingerprint) -> TaskRecord {
    ledger.read(key).await.unwrap().expect("a record")
}

async fn every_state_is_read(ledger: &dyn LedgerRecords, later: &impl AsyncFn(Duration)) {
    let key = key("shown");
    assert!(ledger.read(&key).await.unwrap().is_none());
    let lease = claimed(ledger, &key, "a").await;
    let running = shown(ledger, &key).await;
    let State::Running { owner, .. } = &running.record.state else { panic!("{running:?}") };
    assert_eq!((&**owner, running.owner.as_deref(), running.record.epoch), ("a", Some("a"), 1));
    let left = running.lease_left().unwrap();
    assert!(left > LEASE / 2 && left <= LEASE + Duration::from_secs(2), "{left:?}");
    later(LEASE * 2).await;
    assert_eq!(shown(ledger, &key).await.lease_left(), Some(Duration::ZERO));
    ledger.release(&key, &lease).await.unwrap();
    let released = shown(ledger, &key).await;
    assert_eq!((released.record.state.clone(), released.lease_left()), (State::Absent, None));
    let digest = decided(ledger, &key, &output("7")).await;
    let State::Decided(there) = shown(ledger, &key).await.record.state else { panic!() };
    assert_eq!(there.outcome, output("7"));
    let receipt = Receipt::Recorded { request_id: Some("r".into()) };
    ledger.mark_reported(&key, digest, &receipt).await.unwrap();
    assert_eq!(shown(ledger, &key).await.record.state, State::Reported { digest, receipt });
}

async fn revoked_owner_is_fenced(ledger: &dyn LedgerRecords) {
    let key = key("revoked");
    assert_eq!(ledger.revoke(&key, 1).await, Ok(WriteResult::Superseded), "no record");
    let lease = claimed(ledger, &key, "alive").await;
    assert_eq!(ledger.revoke(&key, 2).await, Ok(WriteResult::Superseded), "another epoch");
    for answer in ["first", "as after a lost answer"] {
        assert_eq!(ledger.revoke(&key, 1).await, Ok(WriteResult::Applied), "{answer}");
    }
    assert_eq!(ledger.renew(&key, &lease, LEASE).await, Ok(WriteResult::Superseded));
    assert_eq!(ledger.decide(&key, &lease, &output("1")).await, Ok(WriteResult::Superseded));
    assert_eq!(shown(ledger, &key).await.record.epoch, 2);
    let Ok(Claim::Acquired(next)) = claim(ledger, &key, "next").await else { panic!() };
    assert_eq!(next.epoch, 3);
    assert_eq!(ledger.decide(&key, &next, &output("2")).await, Ok(WriteResult::Applied));
    assert_eq!(ledger.revoke(&key, 3).await, Ok(WriteResult::Superseded), "an outcome is not revoked");
}

/// A person who reports by hand does not know the input.
async fn unknown_input_differs_from_none(ledger: &dyn LedgerRecords) {
    let (key, execution) = (key("no input"), Execution::default());
    let claim = async |owner: &'static str, input: Option<&str>| {
        let input = input.map(|input| output(input).digest());
        let request = ClaimRequest { owner, duration: LEASE, input, execution: &execution };
        ledger.claim(&key, &request).await.unwrap()
    };
    let first = claim("a", None).await;
    let Claim::Acquired(lease) = &first.claim else { panic!("{first:?}") };
    assert!(!first.input_differs && !claim("b", Some("1")).await.input_differs);
    ledger.release(&key, lease).await.unwrap();
    assert!(!claim("b", Some("1")).await.input_differs, "it is the first that is known");
    assert!(!claim("c", None).await.input_differs && claim("c", Some("2")).await.input_differs);
}

async fn start_of_a_fingerprint_is_found(ledger: &dyn LedgerRecords) {
    let key = key("start");
    claimed(ledger, &key, "a").await;
    let found = ledger.search(&RecordQuery::parse(&key.short()).unwrap()).await.unwrap();
    let keys: Vec<_> = found.records.iter().map(|record| record.fingerprint).collect();
    assert_eq!((keys, found.is_partial), (vec![key], false));
    let query = RecordQuery::parse("00000000").unwrap();
    assert!(ledger.search(&query).await.unwrap().records.is_empty());
}

#[tokio::test(start_paused = true)]
async fn memory_shows_its_records() {
    records_are_shown(&Memory::default(), async |time| tokio::time::advance(time).await).await;
}
