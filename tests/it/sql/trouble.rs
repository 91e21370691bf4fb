//! Connections that break, are silent or freeze, at every statement of every call.

use std::time::Duration;

use futures_util::future::join_all;
use taskback::ledger::{Claim, Lease, Ledger, SqlLedger, WriteResult};
use taskback::{Outcome, Receipt};
use tokio::time::{Instant, timeout};

use super::database::{Database, open};
use super::proxy::{Proxy, Trouble};
use super::server::Kind;
use crate::ledger::{LEASE, claim, claimed, key, output};

/// A call of a task in the life of `stage`, through a ledger whose connection breaks.
const CALLS: [&str; 6] = ["claim", "renew", "release", "decide", "replace", "report"];

/// Each call returns what it returns without trouble, wherever its connection breaks, and the task is in the state that
/// the call leaves.
pub(crate) async fn cut_at_every_statement_changes_nothing(kind: Kind) {
    let url = kind.database().await;
    let (direct, proxy) = (open(&url), Proxy::start(&url).await);
    direct.init().await.unwrap();
    let mut cuts = 0;
    for trouble in [Trouble::RequestCut, Trouble::AnswerCut] {
        for call in CALLS {
            for after in 0.. {
                let key = key(&format!("{trouble:?} {call} {after}"));
                let ledger = open(&proxy.url);
                // It has a connection, which counts no more.
                ledger.check().await.unwrap();
                prepare(&direct, &key, call).await;
                proxy.arm(trouble, after);
                make(&ledger, &key, call).await;
                let is_cut = proxy.disarm();
                confirm(&direct, &key, call).await;
                if !is_cut {
                    break;
                }
                cuts += 1;
                assert!(after < 20, "{call} has no end");
            }
        }
    }
    assert!(cuts >= 12, "only {cuts} cuts");
}

type Key = taskback::Fingerprint;

/// Brings the task into the state before the call, by its owner `a`.
async fn prepare(ledger: &SqlLedger, key: &Key, call: &str) {
    if call == "claim" {
        return;
    }
    let lease = claimed(ledger, key, "a").await;
    if matches!(call, "replace" | "report") {
        assert_eq!(ledger.decide(key, &lease, &output("1")).await, Ok(WriteResult::Applied));
    }
}

async fn make(ledger: &SqlLedger, key: &Key, call: &str) {
    let (lease, receipt) = (Lease { owner: "a".into(), epoch: 1 }, receipt());
    match call {
        "claim" => assert_eq!(claimed(ledger, key, "a").await, lease),
        "renew" => assert_eq!(ledger.renew(key, &lease, LEASE).await, Ok(WriteResult::Applied)),
        "release" => assert_eq!(ledger.release(key, &lease).await, Ok(())),
        "decide" => assert_eq!(ledger.decide(key, &lease, &output("1")).await, Ok(WriteResult::Applied)),
        "replace" => {
            let fixed = Outcome::output_too_large();
            assert_eq!(ledger.replace(key, output("1").digest(), &fixed).await, Ok(WriteResult::Applied));
        }
        _ => {
            let written = ledger.mark_reported(key, output("1").digest(), &receipt).await;
            assert_eq!(written, Ok(WriteResult::Applied));
        }
    }
}

async fn confirm(ledger: &SqlLedger, key: &Key, call: &str) {
    let found = claim(ledger, key, "b").await.unwrap();
    match call {
        "claim" | "renew" => assert!(matches!(found, Claim::HeldByOther(_)), "{call}: {found:?}"),
        "release" => assert_eq!(found, Claim::Acquired(Lease { owner: "b".into(), epoch: 2 })),
        "decide" => assert_eq!(found, Claim::Decided(output("1"))),
        "replace" => assert_eq!(found, Claim::Decided(Outcome::output_too_large())),
        _ => assert_eq!(found, Claim::Reported(receipt())),
    }
}

fn receipt() -> Receipt {
    Receipt::Recorded { request_id: Some("r".into()) }
}

/// After a freeze every connection is dead without a word. No call fails, none waits longer than for one silent
/// connection, and no permit is lost.
pub(crate) async fn silent_connections_are_replaced(kind: Kind) {
    let url = kind.database().await;
    open(&url).init().await.unwrap();
    let proxy = Proxy::start(&url).await;
    let ledger = open(&proxy.url);
    for round in 0..2 {
        claim_many(&ledger, &format!("warm {round}")).await;
        proxy.silence();
        let start = Instant::now();
        claim_many(&ledger, &format!("thawed {round}")).await;
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        let start = Instant::now();
        claim_many(&ledger, &format!("later {round}")).await;
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }
}

async fn claim_many(ledger: &SqlLedger, name: &str) {
    let keys: Vec<_> = (0..24).map(|n| key(&format!("{name} {n}"))).collect();
    join_all(keys.iter().map(|key| claimed(ledger, key, "a"))).await;
}

/// An owner that freezes while the server works for it leaves nothing behind that blocks others.
pub(crate) async fn frozen_owner_blocks_no_other(kind: Kind) {
    let url = kind.database().await;
    let (other, proxy) = (open(&url), Proxy::start(&url).await);
    other.init().await.unwrap();
    for call in CALLS {
        let key = key(&format!("frozen {call}"));
        prepare(&other, &key, call).await;
        let frozen = open(&proxy.url);
        frozen.check().await.unwrap();
        proxy.arm(Trouble::AnswerSilent, 0);
        let silent = timeout(Duration::from_millis(300), make(&frozen, &key, call)).await;
        assert!(silent.is_err() && proxy.disarm(), "{call} was answered");
        let start = Instant::now();
        let found = claim(&other, &key, "b").await;
        assert!(found.is_ok() && start.elapsed() < Duration::from_secs(1), "{call}: {found:?}");
    }
}
