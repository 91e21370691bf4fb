//! Random sequences of calls on a store and on the rules: both return the same results.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{RngSeed, TestRunner};
use taskback::ledger::{Claim, ClaimRequest, Claimed, Lease, LedgerRecords, Memory, WriteResult};
use taskback::{ClosedBy, Execution, Fingerprint, Outcome, Receipt};

use super::{LEASE, key, output};
use taskback_core::ledger::{self, Clock, Operation, Record};

/// A call by any owner: one that holds the task, held it, or never claimed it.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    Claim { owner: &'static str, input: u8 },
    Renew(Lease),
    Release(Lease),
    Decide(Lease, Outcome),
    Replace(Outcome, Outcome),
    MarkReported(Outcome, Receipt),
    Revoke(u64),
    Wait(Duration),
}

/// The result of a call. A release returns nothing in both stores.
#[derive(Debug, PartialEq)]
enum Answer {
    Claimed(Claimed),
    Written(WriteResult),
    Nothing,
}

/// Calls, each with whether its first response is lost and the call is repeated.
pub(crate) fn calls() -> impl Strategy<Value = Vec<(Call, bool)>> {
    let owner = || select(vec!["a", "b"]);
    let lease = move || (owner(), 1_u64..5).prop_map(|(owner, epoch)| Lease { owner: owner.into(), epoch });
    let outcome = || select(vec![output("1"), output("2"), Outcome::output_too_large()]);
    let receipt = select(vec![
        Receipt::Recorded { request_id: Some("first".into()) },
        Receipt::Closed { closed_by: ClosedBy::ProbablyUs },
    ]);
    let wait = select(vec![1, 20, 61, 62, 100]).prop_map(Duration::from_secs);
    let call = prop_oneof![
        4 => (owner(), 0_u8..2).prop_map(|(owner, input)| Call::Claim { owner, input }),
        2 => lease().prop_map(Call::Renew),
        2 => lease().prop_map(Call::Release),
        3 => (lease(), outcome()).prop_map(|(lease, outcome)| Call::Decide(lease, outcome)),
        2 => (outcome(), outcome()).prop_map(|(old, new)| Call::Replace(old, new)),
        2 => (outcome(), receipt).prop_map(|(outcome, receipt)| Call::MarkReported(outcome, receipt)),
        1 => (1_u64..5).prop_map(Call::Revoke),
        3 => wait.prop_map(Call::Wait),
    ];
    vec((call, any::<bool>()), 1..25)
}

/// The same cases every time; a failure is printed with its smallest case.
pub(crate) fn runner(cases: u32) -> TestRunner {
    TestRunner::new(ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(11),
        failure_persistence: None,
        ..ProptestConfig::default()
    })
}

/// Makes the calls on the store and on the rules.
pub(crate) async fn agrees(
    store: &dyn LedgerRecords,
    key: &Fingerprint,
    skew: Duration,
    later: impl AsyncFn(Duration),
    calls: &[(Call, bool)],
) -> Result<(), TestCaseError> {
    let mut record = Record::default();
    let mut clock = Clock { now: Duration::from_secs(1_800_000_000), skew };
    for (call, is_lost) in calls {
        if let Call::Wait(time) = call {
            later(*time).await;
            clock.now += *time;
            continue;
        }
        let first = by_rule(&mut record, call, clock);
        prop_assert_eq!(&on(store, key, call).await, &first, "{:?}", call);
        if *is_lost {
            let (before, again) = (record.clone(), by_rule(&mut record, call, clock));
            prop_assert_eq!(&on(store, key, call).await, &again, "{:?} again", call);
            prop_assert_eq!(&before, &record, "{:?} changed something again", call);
            prop_assert!(matches!(call, Call::Release(_)) || first == again, "{:?}: {:?}", call, again);
        }
    }
    Ok(())
}

async fn on(store: &dyn LedgerRecords, key: &Fingerprint, call: &Call) -> Answer {
    let execution = Execution::default();
    let written = match call {
        Call::Claim { owner, input } => {
            let mut claimed = store.claim(key, &request(owner, *input, &execution)).await.unwrap();
            // The clock of a store goes on while the calls take their milliseconds, and that of the rules stands.
            if let Claim::HeldByOther(remaining) = &mut claimed.claim {
                *remaining = Duration::from_secs(remaining.as_millis().div_ceil(1000) as u64);
            }
            return Answer::Claimed(claimed);
        }
        Call::Release(lease) => {
            store.release(key, lease).await.unwrap();
            return Answer::Nothing;
        }
        Call::Renew(lease) => store.renew(key, lease, LEASE).await,
        Call::Decide(lease, outcome) => store.decide(key, lease, outcome).await,
        Call::Replace(old, new) => store.replace(key, old.digest(), new).await,
        Call::MarkReported(outcome, receipt) => store.mark_reported(key, outcome.digest(), receipt).await,
        Call::Revoke(epoch) => store.revoke(key, *epoch).await,
        Call::Wait(_) => return Answer::Nothing,
    };
    Answer::Written(written.unwrap())
}

fn by_rule(record: &mut Record, call: &Call, clock: Clock) -> Answer {
    let operation = match call {
        Call::Claim { owner, input } => {
            let execution = Execution::default();
            let (next, claimed) = ledger::claim(record, &request(owner, *input, &execution), clock);
            *record = next.unwrap_or_else(|| record.clone());
            return Answer::Claimed(claimed);
        }
        Call::Renew(lease) => Operation::Renew(lease, LEASE),
        Call::Release(lease) => Operation::Release(lease),
        Call::Decide(lease, outcome) => Operation::Decide(lease, outcome),
        Call::Replace(old, new) => Operation::Replace(old.digest(), new),
        Call::MarkReported(outcome, receipt) => Operation::MarkReported(outcome.digest(), receipt),
        Call::Revoke(epoch) => Operation::Revoke(*epoch),
        Call::Wait(_) => return Answer::Nothing,
    };
    let (next, written) = ledger::transition(record, &operation, clock);
    *record = next.unwrap_or_else(|| record.clone());
    if let Operation::Release(_) = operation { Answer::Nothing } else { Answer::Written(written) }
}

fn request<'a>(owner: &'a str, input: u8, execution: &'a Execution) -> ClaimRequest<'a> {
    ClaimRequest { owner, duration: LEASE, input: Some(output(&input.to_string()).digest()), execution }
}

#[test]
fn memory_agrees_with_the_rules() {
    runner(300)
        .run(&calls(), |calls| {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            runtime.enable_time().start_paused(true).build().unwrap().block_on(async {
                let later = async |time| tokio::time::advance(time).await;
                agrees(&Memory::default(), &key("t"), Duration::ZERO, later, &calls).await
            })
        })
        .unwrap();
}
