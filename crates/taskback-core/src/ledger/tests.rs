use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u32) -> Clock {
    Clock { now: SECOND * seconds, skew: SECOND * 2 }
}

fn request<'a>(owner: &'a str, execution: &'a Execution) -> ClaimRequest<'a> {
    ClaimRequest { owner, duration: SECOND * 60, input: Some(Outcome::failed("", "").digest()), execution }
}

#[test]
fn lease_ends_after_the_skew() {
    let execution = Execution::default();
    let (record, first) = claim(&Record::default(), &request("a", &execution), at(0));
    assert_eq!(first.claim, Claim::Acquired(Lease { owner: "a".into(), epoch: 1 }));
    let record = record.unwrap();
    let (unchanged, held) = claim(&record, &request("b", &execution), at(61));
    assert_eq!((unchanged, held.claim), (None, Claim::HeldByOther(SECOND)));
    let (record, taken) = claim(&record, &request("b", &execution), at(62));
    assert_eq!(taken.claim, Claim::Acquired(Lease { owner: "b".into(), epoch: 2 }));
    let late = Lease { owner: "a".into(), epoch: 1 };
    let decide = Operation::Decide(&late, &Outcome::failed("E", "c"));
    assert_eq!(transition(&record.unwrap(), &decide, at(62)), (None, WriteResult::Superseded));
}

#[test]
fn absent_task_takes_no_write() {
    let (lease, outcome) = (Lease { owner: "a".into(), epoch: 0 }, Outcome::failed("E", "c"));
    let (digest, receipt) = (outcome.digest(), Receipt::Recorded { request_id: None });
    for operation in [
        Operation::Renew(&lease, SECOND),
        Operation::Release(&lease),
        Operation::Decide(&lease, &outcome),
        Operation::Replace(digest, &outcome),
        Operation::MarkReported(digest, &receipt),
    ] {
        let result = transition(&Record::default(), &operation, at(0));
        assert_eq!(result, (None, WriteResult::Superseded), "{operation:?}");
    }
}

#[test]
fn repeated_write_changes_nothing() {
    let execution = Execution::default();
    let (record, _) = claim(&Record::default(), &request("a", &execution), at(0));
    let (lease, outcome) = (Lease { owner: "a".into(), epoch: 1 }, Outcome::failed("E", "c"));
    let (fixed, receipt) = (Outcome::output_too_large(), Receipt::Recorded { request_id: None });
    let mut record = record.unwrap();
    for operation in [
        Operation::Decide(&lease, &outcome),
        Operation::Replace(outcome.digest(), &fixed),
        Operation::MarkReported(fixed.digest(), &receipt),
    ] {
        let (next, result) = transition(&record, &operation, at(1));
        assert_eq!(result, WriteResult::Applied, "{operation:?}");
        record = next.unwrap();
        assert_eq!(transition(&record, &operation, at(1)), (None, WriteResult::Applied), "{operation:?}");
    }
    assert_eq!(record.state, State::Reported { digest: fixed.digest(), receipt });
}

#[test]
fn revoked_owner_is_fenced() {
    let execution = Execution::default();
    let (record, _) = claim(&Record::default(), &request("a", &execution), at(0));
    let record = record.unwrap();
    assert_eq!(transition(&record, &Operation::Revoke(2), at(1)), (None, WriteResult::Superseded));
    let (revoked, result) = transition(&record, &Operation::Revoke(1), at(1));
    let revoked = revoked.unwrap();
    assert_eq!((result, revoked.epoch, &revoked.state), (WriteResult::Applied, 2, &State::Absent));
    assert_eq!(transition(&revoked, &Operation::Revoke(1), at(1)), (None, WriteResult::Applied));
    let (lease, outcome) = (Lease { owner: "a".into(), epoch: 1 }, Outcome::failed("E", "c"));
    for late in [Operation::Renew(&lease, SECOND), Operation::Decide(&lease, &outcome)] {
        assert_eq!(transition(&revoked, &late, at(1)), (None, WriteResult::Superseded));
    }
    let (_, next) = claim(&revoked, &request("b", &execution), at(1));
    assert_eq!(next.claim, Claim::Acquired(Lease { owner: "b".into(), epoch: 3 }));
}
