use super::*;
use taskback_core::ledger::{Claim, Lease};
use taskback_core::{Execution, Outcome, Receipt, Service, TaskToken};

const SECOND: Duration = Duration::from_secs(1);

/// With room for two tasks.
fn small() -> Records {
    Records::new(2, 1000)
}

fn key(name: &str) -> Fingerprint {
    TaskToken::new(Service::Swf, name).unwrap().fingerprint()
}

fn claim(records: &mut Records, name: &str, owner: &str) -> Result<Claimed, LedgerError> {
    let (input, execution) = (Outcome::failed("", "").digest(), &Execution::default());
    records.claim(&key(name), &ClaimRequest { owner, duration: SECOND, input: Some(input), execution })
}

fn claimed(records: &mut Records, name: &str, owner: &str) -> Lease {
    match claim(records, name, owner).map(|claimed| claimed.claim) {
        Ok(Claim::Acquired(lease)) => lease,
        other => panic!("{other:?}"),
    }
}

fn released(records: &mut Records, name: &str, owner: &str) {
    let lease = claimed(records, name, owner);
    records.apply(&key(name), &Operation::Release(&lease));
}

fn decided(records: &mut Records, name: &str, bytes: usize) -> Outcome {
    let (lease, outcome) = (claimed(records, name, "owner"), Outcome::failed("", "x".repeat(bytes)));
    let decide = Operation::Decide(&lease, &outcome);
    assert_eq!(records.apply(&key(name), &decide), WriteResult::Applied);
    outcome
}

#[tokio::test(start_paused = true)]
async fn repeated_task_takes_room_once() {
    let mut records = small();
    for time in 0..1000 {
        released(&mut records, "again", &time.to_string());
    }
    assert_eq!(records.idle.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn reclaimed_task_stays_until_released() {
    let mut records = small();
    for name in ["a", "b"] {
        released(&mut records, name, "first");
    }
    let lease = claimed(&mut records, "a", "second");
    released(&mut records, "c", "third");
    assert_eq!(records.apply(&key("a"), &Operation::Renew(&lease, SECOND)), WriteResult::Applied);
    records.apply(&key("a"), &Operation::Release(&lease));
    for name in ["d", "e", "f"] {
        released(&mut records, name, "fourth");
    }
    assert_eq!(records.by_key.len(), 2);
}

/// As where the message went to another process, which reported the outcome.
#[tokio::test(start_paused = true)]
async fn unreported_outcomes_do_not_fill_the_ledger() {
    let mut records = small();
    for name in ["a", "b", "c"] {
        decided(&mut records, name, 1);
        tokio::time::advance(SECOND).await;
    }
    assert!(!records.by_key.contains_key(&key("a")), "the oldest went");
    assert_eq!((records.by_key.len(), records.outcome_bytes), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn expired_claim_is_evicted_before_outcomes() {
    let mut records = small();
    decided(&mut records, "decided", 1);
    claimed(&mut records, "left behind", "owner");
    tokio::time::advance(SECOND).await;
    claimed(&mut records, "new", "owner");
    assert!(
        records.by_key.contains_key(&key("decided")) && !records.by_key.contains_key(&key("left behind"))
    );
}

#[tokio::test(start_paused = true)]
async fn running_tasks_are_never_evicted() {
    let mut records = small();
    let lease = claimed(&mut records, "a", "owner");
    claimed(&mut records, "b", "owner");
    let full = claim(&mut records, "c", "another");
    assert_eq!(full, Err(LedgerError::Unavailable("memory is full of 2 running tasks".into())));
    assert_eq!(records.apply(&key("a"), &Operation::Renew(&lease, SECOND)), WriteResult::Applied);
}

#[tokio::test(start_paused = true)]
async fn outcomes_are_bounded_in_bytes() {
    let mut records = small();
    decided(&mut records, "a", 600);
    tokio::time::advance(SECOND).await;
    let outcome = decided(&mut records, "b", 600);
    assert_eq!((records.by_key.len(), records.outcome_bytes), (1, 600));
    // One that is larger than all of the room still stands until it is reported.
    decided(&mut records, "c", 2000);
    assert_eq!(records.outcome_bytes, 2000);
    let receipt = Receipt::Recorded { request_id: None };
    let report = Operation::MarkReported(outcome.digest(), &receipt);
    assert_eq!(records.apply(&key("b"), &report), WriteResult::Superseded);
}

#[tokio::test(start_paused = true)]
async fn reported_outcomes_take_no_bytes() {
    let mut records = small();
    let (outcome, fixed) = (decided(&mut records, "a", 600), Outcome::failed("", "x"));
    let replace = Operation::Replace(outcome.digest(), &fixed);
    assert_eq!(records.apply(&key("a"), &replace), WriteResult::Applied);
    assert_eq!(records.outcome_bytes, 1);
    let receipt = Receipt::Recorded { request_id: None };
    let report = Operation::MarkReported(fixed.digest(), &receipt);
    assert_eq!(records.apply(&key("a"), &report), WriteResult::Applied);
    assert_eq!(records.outcome_bytes, 0);
}
