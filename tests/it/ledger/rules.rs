//! The rules, each checked on its own task.

use std::time::Duration;

use futures_util::future::join_all;
use taskback::ledger::{Claim, Lease, Ledger, WriteResult};
use taskback::{ClosedBy, Fingerprint, Outcome, Receipt};

use super::{LEASE, claim, claim_with_input, claimed, decided, key, output};

/// Checks every rule on an empty store. `later` advances its clock.
pub(crate) async fn follows_the_rules(ledger: &dyn Ledger, later: impl AsyncFn(Duration)) {
    task_is_claimed_by_one(ledger).await;
    repeated_claim_is_the_same(ledger, &later).await;
    renewed_lease_lasts_longer(ledger, &later).await;
    released_task_counts_its_claims(ledger).await;
    late_owner_is_fenced(ledger, &later).await;
    outcome_is_decided_once(ledger).await;
    outcome_is_stored_unchanged(ledger).await;
    only_the_decided_outcome_is_replaced(ledger).await;
    only_the_decided_outcome_is_reported(ledger).await;
    other_input_is_detected_in_every_state(ledger).await;
    only_one_of_many_owners_claims(ledger, &later).await;
    only_one_racing_outcome_is_decided(ledger, &later).await;
}

async fn runs_elsewhere(ledger: &dyn Ledger, key: &Fingerprint) {
    let claim = claim(ledger, key, "a stranger").await;
    assert!(matches!(claim, Ok(Claim::HeldByOther(_))), "{claim:?}");
}

async fn task_is_claimed_by_one(ledger: &dyn Ledger) {
    let key = key("one");
    assert_eq!(claimed(ledger, &key, "a").await, Lease { owner: "a".into(), epoch: 1 });
    let claim = claim(ledger, &key, "b").await;
    let Ok(Claim::HeldByOther(left)) = claim else { panic!("{claim:?}") };
    assert!(left > LEASE / 2 && left < LEASE * 2, "{left:?}");
}

async fn repeated_claim_is_the_same(ledger: &dyn Ledger, later: &impl AsyncFn(Duration)) {
    let key = key("repeated claim");
    let lease = claimed(ledger, &key, "a").await;
    assert_eq!(claimed(ledger, &key, "a").await, lease);
    later(LEASE * 2).await;
    assert_eq!(claimed(ledger, &key, "a").await, lease, "its lease was over, and no other owner took it");
    runs_elsewhere(ledger, &key).await;
    assert_eq!(ledger.renew(&key, &lease, LEASE).await, Ok(WriteResult::Applied));
}

async fn renewed_lease_lasts_longer(ledger: &dyn Ledger, later: &impl AsyncFn(Duration)) {
    let key = key("renewed");
    let lease = claimed(ledger, &key, "a").await;
    for _ in 0..3 {
        later(LEASE - Duration::from_secs(1)).await;
        assert_eq!(ledger.renew(&key, &lease, LEASE).await, Ok(WriteResult::Applied));
        assert_eq!(
            ledger.renew(&key, &lease, LEASE).await,
            Ok(WriteResult::Applied),
            "as after a lost answer"
        );
        runs_elsewhere(ledger, &key).await;
    }
    for other in [Lease { owner: "b".into(), ..lease.clone() }, Lease { epoch: 2, ..lease.clone() }] {
        assert_eq!(ledger.renew(&key, &other, LEASE).await, Ok(WriteResult::Superseded));
    }
    assert_eq!(ledger.renew(&self::key("never claimed"), &lease, LEASE).await, Ok(WriteResult::Superseded));
}

async fn released_task_counts_its_claims(ledger: &dyn Ledger) {
    let key = key("released");
    for epoch in 1..=3 {
        let lease = claimed(ledger, &key, "a").await;
        assert_eq!(lease.epoch, epoch);
        assert_eq!(ledger.release(&key, &lease).await, Ok(()));
        assert_eq!(ledger.release(&key, &lease).await, Ok(()), "as after a lost answer");
        assert_eq!(ledger.renew(&key, &lease, LEASE).await, Ok(WriteResult::Superseded));
        assert_eq!(ledger.decide(&key, &lease, &output("1")).await, Ok(WriteResult::Superseded));
    }
    let of_before = Lease { owner: "a".into(), epoch: 3 };
    let lease = claimed(ledger, &key, "a").await;
    assert_eq!(ledger.release(&key, &of_before).await, Ok(()));
    assert_eq!(
        ledger.decide(&key, &of_before, &output("1")).await,
        Ok(WriteResult::Superseded),
        "same owner, old epoch"
    );
    assert_eq!(ledger.renew(&key, &lease, LEASE).await, Ok(WriteResult::Applied));
    assert_eq!(ledger.release(&self::key("never claimed"), &lease).await, Ok(()));
}

async fn late_owner_is_fenced(ledger: &dyn Ledger, later: &impl AsyncFn(Duration)) {
    let key = key("taken over");
    let late = claimed(ledger, &key, "late").await;
    later(LEASE * 2).await;
    let lease = claimed(ledger, &key, "next").await;
    assert_eq!(lease.epoch, 2);
    assert_eq!(ledger.renew(&key, &late, LEASE).await, Ok(WriteResult::Superseded));
    assert_eq!(ledger.release(&key, &late).await, Ok(()));
    assert_eq!(ledger.decide(&key, &late, &output("1")).await, Ok(WriteResult::Superseded));
    runs_elsewhere(ledger, &key).await;
    assert_eq!(ledger.decide(&key, &lease, &output("2")).await, Ok(WriteResult::Applied));
    assert_eq!(
        ledger.decide(&key, &late, &output("2")).await,
        Ok(WriteResult::Superseded),
        "even the same outcome"
    );
    assert_eq!(claim(ledger, &key, "late").await, Ok(Claim::Decided(output("2"))));
}

async fn outcome_is_decided_once(ledger: &dyn Ledger) {
    let key = key("decided");
    let lease = Lease { owner: "a".into(), epoch: 1 };
    assert_eq!(ledger.decide(&key, &lease, &output("1")).await, Ok(WriteResult::Superseded), "never claimed");
    let lease = claimed(ledger, &key, "a").await;
    assert_eq!(ledger.decide(&key, &lease, &output("1")).await, Ok(WriteResult::Applied));
    assert_eq!(
        ledger.decide(&key, &lease, &output("1")).await,
        Ok(WriteResult::Applied),
        "as after a lost answer"
    );
    assert_eq!(ledger.decide(&key, &lease, &output("2")).await, Ok(WriteResult::Superseded));
    assert_eq!(ledger.renew(&key, &lease, LEASE).await, Ok(WriteResult::Superseded));
    assert_eq!(ledger.release(&key, &lease).await, Ok(()));
    for owner in ["a", "b"] {
        assert_eq!(claim(ledger, &key, owner).await, Ok(Claim::Decided(output("1"))));
    }
}

async fn outcome_is_stored_unchanged(ledger: &dyn Ledger) {
    let outcomes = [
        output(r#"{ "b": 1.10000000000000000001,  "a":[1e400, -0, "\ud83d\ude80\u0000 \/ 🚀"] }"#),
        output("\"\""),
        Outcome::failed("E", "two\nlines, a \u{1} and a 🚀"),
        Outcome::failed("", ""),
        Outcome::Canceled { details: "\"quoted\"".into() },
        Outcome::DelegatedTo { to: "an execution".into() },
    ];
    for (n, outcome) in outcomes.iter().enumerate() {
        let key = key(&format!("letter {n}"));
        let digest = decided(ledger, &key, outcome).await;
        assert_eq!(claim(ledger, &key, "b").await, Ok(Claim::Decided(outcome.clone())));
        let receipt = Receipt::Delegated { to: "\"another\" 🚀".into() };
        assert_eq!(ledger.mark_reported(&key, digest, &receipt).await, Ok(WriteResult::Applied));
        assert_eq!(claim(ledger, &key, "b").await, Ok(Claim::Reported(receipt)));
    }
}

async fn only_the_decided_outcome_is_replaced(ledger: &dyn Ledger) {
    let key = key("replaced");
    let fixed = Outcome::output_too_large();
    assert_eq!(
        ledger.replace(&key, output("1").digest(), &fixed).await,
        Ok(WriteResult::Superseded),
        "unknown"
    );
    let lease = claimed(ledger, &key, "a").await;
    assert_eq!(
        ledger.replace(&key, output("1").digest(), &fixed).await,
        Ok(WriteResult::Superseded),
        "running"
    );
    assert_eq!(ledger.decide(&key, &lease, &output("1")).await, Ok(WriteResult::Applied));
    assert_eq!(
        ledger.replace(&key, output("2").digest(), &fixed).await,
        Ok(WriteResult::Superseded),
        "not that one"
    );
    assert_eq!(ledger.replace(&key, output("1").digest(), &fixed).await, Ok(WriteResult::Applied));
    assert_eq!(
        ledger.replace(&key, output("1").digest(), &fixed).await,
        Ok(WriteResult::Applied),
        "a lost answer"
    );
    assert_eq!(ledger.replace(&key, output("1").digest(), &output("3")).await, Ok(WriteResult::Superseded));
    assert_eq!(claim(ledger, &key, "b").await, Ok(Claim::Decided(fixed.clone())));
    let receipt = Receipt::Closed { closed_by: ClosedBy::Us };
    assert_eq!(ledger.mark_reported(&key, output("1").digest(), &receipt).await, Ok(WriteResult::Superseded));
    assert_eq!(ledger.mark_reported(&key, fixed.digest(), &receipt).await, Ok(WriteResult::Applied));
    assert_eq!(
        ledger.replace(&key, output("1").digest(), &fixed).await,
        Ok(WriteResult::Applied),
        "it stood there"
    );
    assert_eq!(
        ledger.replace(&key, fixed.digest(), &output("3")).await,
        Ok(WriteResult::Superseded),
        "reported already"
    );
}

async fn only_the_decided_outcome_is_reported(ledger: &dyn Ledger) {
    let key = key("reported");
    let receipt = Receipt::Recorded { request_id: Some("first".into()) };
    let again = Receipt::Closed { closed_by: ClosedBy::ProbablyUs };
    let digest = output("1").digest();
    assert_eq!(ledger.mark_reported(&key, digest, &receipt).await, Ok(WriteResult::Superseded), "unknown");
    let lease = claimed(ledger, &key, "a").await;
    assert_eq!(ledger.mark_reported(&key, digest, &receipt).await, Ok(WriteResult::Superseded), "running");
    assert_eq!(ledger.decide(&key, &lease, &output("1")).await, Ok(WriteResult::Applied));
    assert_eq!(ledger.mark_reported(&key, output("2").digest(), &receipt).await, Ok(WriteResult::Superseded));
    assert_eq!(ledger.mark_reported(&key, digest, &receipt).await, Ok(WriteResult::Applied));
    assert_eq!(ledger.mark_reported(&key, digest, &again).await, Ok(WriteResult::Applied), "reported again");
    assert_eq!(ledger.mark_reported(&key, output("2").digest(), &again).await, Ok(WriteResult::Superseded));
    assert_eq!(ledger.decide(&key, &lease, &output("2")).await, Ok(WriteResult::Superseded));
    assert_eq!(ledger.renew(&key, &lease, LEASE).await, Ok(WriteResult::Superseded));
    assert_eq!(ledger.release(&key, &lease).await, Ok(()));
    assert_eq!(claim(ledger, &key, "a").await, Ok(Claim::Reported(receipt)), "the first one stays");
}

/// Later inputs are compared with the first one.
async fn other_input_is_detected_in_every_state(ledger: &dyn Ledger) {
    let key = key("inputs");
    let differs = async |owner: &str, input: &str| {
        claim_with_input(ledger, &key, owner, input).await.unwrap().input_differs
    };
    assert!(!differs("a", "1").await, "absent");
    assert!(differs("b", "2").await && !differs("b", "1").await, "running");
    assert!(differs("a", "2").await, "claimed again");
    let lease = Lease { owner: "a".into(), epoch: 1 };
    ledger.release(&key, &lease).await.unwrap();
    assert!(differs("c", "2").await, "released");
    let lease = Lease { owner: "c".into(), epoch: 2 };
    ledger.decide(&key, &lease, &output("1")).await.unwrap();
    assert!(differs("d", "2").await && !differs("d", "1").await, "decided");
    let receipt = Receipt::Recorded { request_id: None };
    ledger.mark_reported(&key, output("1").digest(), &receipt).await.unwrap();
    assert!(differs("d", "2").await && !differs("d", "1").await, "reported");
}

async fn only_one_of_many_owners_claims(ledger: &dyn Ledger, later: &impl AsyncFn(Duration)) {
    let key = key("race");
    let owners: Vec<_> = (0..16).map(|n| format!("racer {n}")).collect();
    let race = async || {
        let claims = join_all(owners.iter().map(|owner| claim(ledger, &key, owner))).await;
        let mut holds = Vec::new();
        for claim in claims {
            match claim {
                Ok(Claim::Acquired(lease)) => holds.push(lease),
                Ok(Claim::HeldByOther(_)) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(holds.len(), 1, "{holds:?}");
        ledger.release(&key, &holds[0]).await.unwrap();
        holds[0].epoch
    };
    assert_eq!(race().await, 1, "it was absent");
    assert_eq!(race().await, 2, "it was released");
    assert_eq!(claimed(ledger, &key, "dies").await.epoch, 3);
    later(LEASE * 2).await;
    assert_eq!(race().await, 4, "its lease was over");
}

async fn only_one_racing_outcome_is_decided(ledger: &dyn Ledger, later: &impl AsyncFn(Duration)) {
    let key = key("racing outcomes");
    let late = claimed(ledger, &key, "late").await;
    later(LEASE * 2).await;
    let lease = claimed(ledger, &key, "next").await;
    let outcomes: Vec<_> = (0..8).map(|n| output(&n.to_string())).collect();
    let written = join_all(outcomes.iter().flat_map(|outcome| {
        [&late, &lease]
            .map(|lease| async { (lease.clone(), ledger.decide(&key, lease, outcome).await.unwrap()) })
    }))
    .await;
    let won: Vec<_> = written.iter().filter(|(_, held)| *held == WriteResult::Applied).collect();
    assert!(matches!(won[..], [(by, _)] if *by == lease), "{won:?}");
}
