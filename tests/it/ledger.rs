//! The rules of the ledger, which every store keeps.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::value::RawValue;
use taskback::core::{Digest, Fingerprint, Ours, Outcome, Output, Receipt, Service};
use taskback::ledger::{Claim, Held, Hold, Ledger, Memory};

use crate::support::token;

/// Every rule on a store in which no task is known. `later` lets time pass for it.
pub(crate) async fn keeps_the_rules(ledger: &dyn Ledger, later: impl AsyncFn(Duration)) {
    a_task_is_claimed_by_one(ledger).await;
    a_repeated_claim_is_the_same_claim(ledger, &later).await;
    a_renewed_lease_lasts_longer(ledger, &later).await;
    a_released_task_is_free_and_counts_its_claims(ledger).await;
    a_task_whose_lease_is_over_is_taken_over_and_its_first_owner_fenced(ledger, &later).await;
    an_outcome_is_decided_once(ledger).await;
    an_outcome_survives_to_the_letter(ledger).await;
    only_the_decided_outcome_is_replaced(ledger).await;
    only_the_decided_outcome_is_reported(ledger).await;
    of_many_owners_one_gets_the_task(ledger, &later).await;
    of_racing_outcomes_one_is_decided(ledger, &later).await;
}

/// The longest lease that the handler takes.
pub(crate) const LEASE: Duration = Duration::from_secs(60);

pub(crate) fn key(name: &str) -> Fingerprint {
    token(Service::Swf, name).fingerprint()
}

pub(crate) fn output(json: &str) -> Outcome {
    Outcome::Succeeded(Output::from_raw(RawValue::from_string(json.to_owned()).unwrap()))
}

pub(crate) async fn claimed(ledger: &dyn Ledger, key: &Fingerprint, owner: &str) -> Hold {
    match ledger.claim(key, owner, LEASE).await {
        Ok(Claim::Ours(hold)) => hold,
        other => panic!("{owner} wants the task and finds {other:?}"),
    }
}

pub(crate) async fn decided(ledger: &dyn Ledger, key: &Fingerprint, outcome: &Outcome) -> Digest {
    let hold = claimed(ledger, key, "decides").await;
    assert_eq!(ledger.decide(key, &hold, outcome).await, Ok(Held::Yes));
    outcome.digest()
}

async fn runs_elsewhere(ledger: &dyn Ledger, key: &Fingerprint) {
    let claim = ledger.claim(key, "a stranger", LEASE).await;
    assert!(matches!(claim, Ok(Claim::Running(_))), "{claim:?}");
}

async fn a_task_is_claimed_by_one(ledger: &dyn Ledger) {
    let key = key("one");
    assert_eq!(claimed(ledger, &key, "a").await, Hold { owner: "a".into(), epoch: 1 });
    let claim = ledger.claim(&key, "b", LEASE).await;
    let Ok(Claim::Running(left)) = claim else { panic!("{claim:?}") };
    assert!(left > LEASE / 2 && left < LEASE * 2, "{left:?}");
}

async fn a_repeated_claim_is_the_same_claim(ledger: &dyn Ledger, later: &impl AsyncFn(Duration)) {
    let key = key("repeated claim");
    let hold = claimed(ledger, &key, "a").await;
    assert_eq!(claimed(ledger, &key, "a").await, hold);
    later(LEASE * 2).await;
    assert_eq!(claimed(ledger, &key, "a").await, hold, "its lease was over, and nobody took it");
    runs_elsewhere(ledger, &key).await;
    assert_eq!(ledger.renew(&key, &hold, LEASE).await, Ok(Held::Yes));
}

async fn a_renewed_lease_lasts_longer(ledger: &dyn Ledger, later: &impl AsyncFn(Duration)) {
    let key = key("renewed");
    let hold = claimed(ledger, &key, "a").await;
    for _ in 0..3 {
        later(LEASE - Duration::from_secs(1)).await;
        assert_eq!(ledger.renew(&key, &hold, LEASE).await, Ok(Held::Yes));
        assert_eq!(ledger.renew(&key, &hold, LEASE).await, Ok(Held::Yes), "as after a lost answer");
        runs_elsewhere(ledger, &key).await;
    }
    for other in [Hold { owner: "b".into(), ..hold.clone() }, Hold { epoch: 2, ..hold.clone() }] {
        assert_eq!(ledger.renew(&key, &other, LEASE).await, Ok(Held::Lost));
    }
    assert_eq!(ledger.renew(&self::key("never claimed"), &hold, LEASE).await, Ok(Held::Lost));
}

async fn a_released_task_is_free_and_counts_its_claims(ledger: &dyn Ledger) {
    let key = key("released");
    for epoch in 1..=3 {
        let hold = claimed(ledger, &key, "a").await;
        assert_eq!(hold.epoch, epoch);
        assert_eq!(ledger.release(&key, &hold).await, Ok(()));
        assert_eq!(ledger.release(&key, &hold).await, Ok(()), "as after a lost answer");
        assert_eq!(ledger.renew(&key, &hold, LEASE).await, Ok(Held::Lost));
        assert_eq!(ledger.decide(&key, &hold, &output("1")).await, Ok(Held::Lost));
    }
    let of_before = Hold { owner: "a".into(), epoch: 3 };
    let hold = claimed(ledger, &key, "a").await;
    assert_eq!(ledger.release(&key, &of_before).await, Ok(()));
    assert_eq!(ledger.decide(&key, &of_before, &output("1")).await, Ok(Held::Lost), "same owner, old epoch");
    assert_eq!(ledger.renew(&key, &hold, LEASE).await, Ok(Held::Yes));
    assert_eq!(ledger.release(&self::key("never claimed"), &hold).await, Ok(()));
}

async fn a_task_whose_lease_is_over_is_taken_over_and_its_first_owner_fenced(
    ledger: &dyn Ledger,
    later: &impl AsyncFn(Duration),
) {
    let key = key("taken over");
    let late = claimed(ledger, &key, "late").await;
    later(LEASE * 2).await;
    let hold = claimed(ledger, &key, "next").await;
    assert_eq!(hold.epoch, 2);
    assert_eq!(ledger.renew(&key, &late, LEASE).await, Ok(Held::Lost));
    assert_eq!(ledger.release(&key, &late).await, Ok(()));
    assert_eq!(ledger.decide(&key, &late, &output("1")).await, Ok(Held::Lost));
    runs_elsewhere(ledger, &key).await;
    assert_eq!(ledger.decide(&key, &hold, &output("2")).await, Ok(Held::Yes));
    assert_eq!(ledger.decide(&key, &late, &output("2")).await, Ok(Held::Lost), "even the same outcome");
    assert_eq!(ledger.claim(&key, "late", LEASE).await, Ok(Claim::Decided(output("2"))));
}

async fn an_outcome_is_decided_once(ledger: &dyn Ledger) {
    let key = key("decided");
    let hold = Hold { owner: "a".into(), epoch: 1 };
    assert_eq!(ledger.decide(&key, &hold, &output("1")).await, Ok(Held::Lost), "never claimed");
    let hold = claimed(ledger, &key, "a").await;
    assert_eq!(ledger.decide(&key, &hold, &output("1")).await, Ok(Held::Yes));
    assert_eq!(ledger.decide(&key, &hold, &output("1")).await, Ok(Held::Yes), "as after a lost answer");
    assert_eq!(ledger.decide(&key, &hold, &output("2")).await, Ok(Held::Lost));
    assert_eq!(ledger.renew(&key, &hold, LEASE).await, Ok(Held::Lost));
    assert_eq!(ledger.release(&key, &hold).await, Ok(()));
    for owner in ["a", "b"] {
        assert_eq!(ledger.claim(&key, owner, LEASE).await, Ok(Claim::Decided(output("1"))));
    }
}

async fn an_outcome_survives_to_the_letter(ledger: &dyn Ledger) {
    let outcomes = [
        output(r#"{ "b": 1.10000000000000000001,  "a":[1e400, -0, "\ud83d\ude80\u0000 \/ 🚀"] }"#),
        output("\"\""),
        Outcome::failed("E", "two\nlines, a \u{1} and a 🚀"),
        Outcome::failed("", ""),
        Outcome::Canceled { details: "\"quoted\"".into() },
        Outcome::Delegated { to: "an execution".into() },
    ];
    for (n, outcome) in outcomes.iter().enumerate() {
        let key = key(&format!("letter {n}"));
        let digest = decided(ledger, &key, outcome).await;
        assert_eq!(ledger.claim(&key, "b", LEASE).await, Ok(Claim::Decided(outcome.clone())));
        let receipt = Receipt::HandedOver { to: "\"somebody\" 🚀".into() };
        assert_eq!(ledger.reported(&key, digest, &receipt).await, Ok(Held::Yes));
        assert_eq!(ledger.claim(&key, "b", LEASE).await, Ok(Claim::Reported(receipt)));
    }
}

async fn only_the_decided_outcome_is_replaced(ledger: &dyn Ledger) {
    let key = key("replaced");
    let fixed = Outcome::output_too_large();
    assert_eq!(ledger.replace(&key, output("1").digest(), &fixed).await, Ok(Held::Lost), "unknown");
    let hold = claimed(ledger, &key, "a").await;
    assert_eq!(ledger.replace(&key, output("1").digest(), &fixed).await, Ok(Held::Lost), "running");
    assert_eq!(ledger.decide(&key, &hold, &output("1")).await, Ok(Held::Yes));
    assert_eq!(ledger.replace(&key, output("2").digest(), &fixed).await, Ok(Held::Lost), "not that one");
    assert_eq!(ledger.replace(&key, output("1").digest(), &fixed).await, Ok(Held::Yes));
    assert_eq!(ledger.replace(&key, output("1").digest(), &fixed).await, Ok(Held::Yes), "a lost answer");
    assert_eq!(ledger.replace(&key, output("1").digest(), &output("3")).await, Ok(Held::Lost));
    assert_eq!(ledger.claim(&key, "b", LEASE).await, Ok(Claim::Decided(fixed.clone())));
    let receipt = Receipt::Closed { ours: Ours::Known };
    assert_eq!(ledger.reported(&key, output("1").digest(), &receipt).await, Ok(Held::Lost));
    assert_eq!(ledger.reported(&key, fixed.digest(), &receipt).await, Ok(Held::Yes));
    assert_eq!(ledger.replace(&key, output("1").digest(), &fixed).await, Ok(Held::Yes), "it stood there");
    assert_eq!(ledger.replace(&key, fixed.digest(), &output("3")).await, Ok(Held::Lost), "told already");
}

async fn only_the_decided_outcome_is_reported(ledger: &dyn Ledger) {
    let key = key("reported");
    let receipt = Receipt::Recorded { request_id: Some("first".into()) };
    let again = Receipt::Closed { ours: Ours::Likely };
    let digest = output("1").digest();
    assert_eq!(ledger.reported(&key, digest, &receipt).await, Ok(Held::Lost), "unknown");
    let hold = claimed(ledger, &key, "a").await;
    assert_eq!(ledger.reported(&key, digest, &receipt).await, Ok(Held::Lost), "running");
    assert_eq!(ledger.decide(&key, &hold, &output("1")).await, Ok(Held::Yes));
    assert_eq!(ledger.reported(&key, output("2").digest(), &receipt).await, Ok(Held::Lost));
    assert_eq!(ledger.reported(&key, digest, &receipt).await, Ok(Held::Yes));
    assert_eq!(ledger.reported(&key, digest, &again).await, Ok(Held::Yes), "somebody told it again");
    assert_eq!(ledger.reported(&key, output("2").digest(), &again).await, Ok(Held::Lost));
    assert_eq!(ledger.decide(&key, &hold, &output("2")).await, Ok(Held::Lost));
    assert_eq!(ledger.renew(&key, &hold, LEASE).await, Ok(Held::Lost));
    assert_eq!(ledger.release(&key, &hold).await, Ok(()));
    assert_eq!(ledger.claim(&key, "a", LEASE).await, Ok(Claim::Reported(receipt)), "the first one stays");
}

async fn of_many_owners_one_gets_the_task(ledger: &dyn Ledger, later: &impl AsyncFn(Duration)) {
    let key = key("race");
    let owners: Vec<_> = (0..16).map(|n| format!("racer {n}")).collect();
    let race = async || {
        let claims = join_all(owners.iter().map(|owner| ledger.claim(&key, owner, LEASE))).await;
        let mut holds = Vec::new();
        for claim in claims {
            match claim {
                Ok(Claim::Ours(hold)) => holds.push(hold),
                Ok(Claim::Running(_)) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(holds.len(), 1, "{holds:?}");
        ledger.release(&key, &holds[0]).await.unwrap();
        holds[0].epoch
    };
    assert_eq!(race().await, 1, "nobody knew it");
    assert_eq!(race().await, 2, "it was released");
    assert_eq!(claimed(ledger, &key, "dies").await.epoch, 3);
    later(LEASE * 2).await;
    assert_eq!(race().await, 4, "its lease was over");
}

async fn of_racing_outcomes_one_is_decided(ledger: &dyn Ledger, later: &impl AsyncFn(Duration)) {
    let key = key("racing outcomes");
    let late = claimed(ledger, &key, "late").await;
    later(LEASE * 2).await;
    let hold = claimed(ledger, &key, "next").await;
    let outcomes: Vec<_> = (0..8).map(|n| output(&n.to_string())).collect();
    let written = join_all(outcomes.iter().flat_map(|outcome| {
        [&late, &hold].map(|hold| async { (hold.clone(), ledger.decide(&key, hold, outcome).await.unwrap()) })
    }))
    .await;
    let won: Vec<_> = written.iter().filter(|(_, held)| *held == Held::Yes).collect();
    assert!(matches!(won[..], [(by, _)] if *by == hold), "{won:?}");
}

#[tokio::test(start_paused = true)]
async fn memory_keeps_the_rules() {
    keeps_the_rules(&Memory::default(), async |time| tokio::time::advance(time).await).await;
}
