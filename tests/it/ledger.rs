//! The rules that every ledger follows.

pub(crate) mod random;
pub(crate) mod records;
mod rules;

use std::time::Duration;

use serde_json::value::RawValue;
use taskback::ledger::{Claim, ClaimRequest, Claimed, Lease, Ledger, LedgerError, Memory, WriteResult};
use taskback::{Digest, Execution, Fingerprint, Outcome, Output, Service};

use crate::support::token;
pub(crate) use rules::follows_the_rules;

/// The longest lease that the handler claims.
pub(crate) const LEASE: Duration = Duration::from_secs(60);

pub(crate) fn key(name: &str) -> Fingerprint {
    token(Service::Swf, name).fingerprint()
}

pub(crate) fn output(json: &str) -> Outcome {
    Outcome::Succeeded(Output::from_raw(RawValue::from_string(json.to_owned()).unwrap()))
}

/// The state that a claim by `owner` finds. The input is always the same.
pub(crate) async fn claim(ledger: &dyn Ledger, key: &Fingerprint, owner: &str) -> Result<Claim, LedgerError> {
    claim_with_input(ledger, key, owner, "{}").await.map(|claimed| claimed.claim)
}

pub(crate) async fn claim_with_input(
    ledger: &dyn Ledger,
    key: &Fingerprint,
    owner: &str,
    input: &str,
) -> Result<Claimed, LedgerError> {
    let (input, execution) = (output(input).digest(), Execution::default());
    ledger
        .claim(key, &ClaimRequest { owner, duration: LEASE, input: Some(input), execution: &execution })
        .await
}

pub(crate) async fn claimed(ledger: &dyn Ledger, key: &Fingerprint, owner: &str) -> Lease {
    match claim(ledger, key, owner).await {
        Ok(Claim::Acquired(lease)) => lease,
        other => panic!("{owner} wants the task and finds {other:?}"),
    }
}

pub(crate) async fn decided(ledger: &dyn Ledger, key: &Fingerprint, outcome: &Outcome) -> Digest {
    let lease = claimed(ledger, key, "decides").await;
    assert_eq!(ledger.decide(key, &lease, outcome).await, Ok(WriteResult::Applied));
    outcome.digest()
}

#[tokio::test(start_paused = true)]
async fn memory_follows_the_rules() {
    follows_the_rules(&Memory::default(), async |time| tokio::time::advance(time).await).await;
}
