//! The rules of a ledger on one database.

use std::cell::Cell;
use std::time::Duration;

use taskback::ledger::{Claim, Ledger, SqlLedger};

use super::database::Database;
use crate::ledger::records::{records_are_shown, workflow_is_found};
use crate::ledger::{claim, decided, follows_the_rules, key, output, random};

/// Lets that time pass for the database: all its leases began earlier. Its clock cannot be set.
pub(crate) async fn pass(ledger: &SqlLedger, time: Duration) {
    let earlier = format!("UPDATE taskback_ledger SET lease_until = lease_until - {}", time.as_millis());
    ledger.raw(&earlier).await.unwrap();
}

/// How often random parts are repeated: more often by tests/long/ledgers.
pub(crate) fn times() -> u32 {
    std::env::var("TASKBACK_TEST_TIMES").map_or(1, |times| times.parse().unwrap())
}

pub(crate) async fn suite(kind: &impl Database) {
    let ledger = &kind.ledger().await;
    follows_the_rules(ledger, async |time| pass(ledger, time).await).await;
    records_are_shown(ledger, async |time| pass(ledger, time).await).await;
    workflow_is_found(ledger).await;
    longest_outcome_is_stored(ledger).await;
}

/// Also if a response is lost and the call is repeated.
pub(crate) fn agreement(kind: &impl Database, cases: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ledger = runtime.block_on(kind.ledger());
    let count = Cell::new(0);
    let agree = random::runner(cases * times()).run(&random::calls(), |calls| {
        count.set(count.get() + 1);
        let key = key(&count.get().to_string());
        let later = async |time| pass(&ledger, time).await;
        runtime.block_on(random::agrees(&ledger, &key, Duration::ZERO, later, &calls))
    });
    agree.unwrap();
}

async fn longest_outcome_is_stored(ledger: &SqlLedger) {
    // The row stores it as {"Succeeded":"…"}.
    let longest = output(&format!("\"{}\"", "x".repeat(3 * 1024 * 1024 - 16)));
    assert!(ledger.fits(&longest));
    decided(ledger, &key("longest"), &longest).await;
    assert_eq!(claim(ledger, &key("longest"), "b").await, Ok(Claim::Decided(longest)));
    assert!(!ledger.fits(&output(&format!("\"{}\"", "x".repeat(3 * 1024 * 1024 - 15)))));
}
