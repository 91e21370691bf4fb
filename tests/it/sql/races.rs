//! Owners that race, each with connections of its own.

use std::time::Duration;

use futures_util::future::{join, join_all};
use taskback::Fingerprint;
use taskback::ledger::{Claim, ClaimRequest, Lease, Ledger, SqlLedger, WriteResult};
use tokio::sync::Semaphore;

use super::database::{Database, open};
use super::suite::{pass, times};
use crate::ledger::{LEASE, claim, claimed, key, output};

/// So many rounds of every race, on an empty database.
pub(crate) async fn races<D: Database>(kind: &D, rounds: u32) {
    let url = kind.database().await;
    let ledgers: Vec<_> = (0..D::OWNERS).map(|_| open(&url)).collect();
    ledgers[0].init().await.unwrap();
    one_owner_wins_every_race(&ledgers, rounds).await;
    one_owner_decides_at_a_lease_end(&ledgers, rounds).await;
}

/// Of all owners one gets the task, and one decides it, in every round.
async fn one_owner_wins_every_race(ledgers: &[SqlLedger], rounds: u32) {
    for round in 0..rounds * times() {
        let key = key(&format!("race {round}"));
        let mut epoch = 1;
        if round % 3 > 0 {
            let lease = claimed(&ledgers[0], &key, "first").await;
            epoch = 2;
            match round % 3 {
                1 => ledgers[0].release(&key, &lease).await.unwrap(),
                _ => pass(&ledgers[0], LEASE * 2).await,
            }
        }
        let won: Vec<_> = together(ledgers, &key).await;
        assert!(matches!(&won[..], [(_, lease)] if lease.epoch == epoch), "round {round}: {won:?}");
        let (winner, lease) = &won[0];
        let decisions = ledgers.iter().enumerate().map(async |(n, ledger)| {
            let forged = Lease { owner: format!("owner {n}"), epoch: lease.epoch };
            ledger.decide(&key, &forged, &output(&n.to_string())).await.unwrap()
        });
        let decided = join_all(decisions).await;
        for (n, written) in decided.iter().enumerate() {
            let expected = if n == *winner { WriteResult::Applied } else { WriteResult::Superseded };
            assert_eq!(*written, expected, "round {round}, owner {n}");
        }
        let found = claim(&ledgers[0], &key, "last").await;
        assert_eq!(found, Ok(Claim::Decided(output(&winner.to_string()))), "round {round}");
    }
}

async fn together(ledgers: &[SqlLedger], key: &Fingerprint) -> Vec<(usize, Lease)> {
    let claims = ledgers.iter().enumerate().map(async |(n, ledger)| {
        match claim(ledger, key, &format!("owner {n}")).await {
            Ok(Claim::Acquired(lease)) => Some((n, lease)),
            Ok(Claim::HeldByOther(_)) => None,
            other => panic!("owner {n}: {other:?}"),
        }
    });
    join_all(claims).await.into_iter().flatten().collect()
}

/// One owner decides when its lease is about to end, another one takes over when it has ended: one of both decides.
async fn one_owner_decides_at_a_lease_end(ledgers: &[SqlLedger], rounds: u32) {
    let mut rng = fastrand::Rng::with_seed(5);
    for round in 0..rounds * times() {
        let key = key(&format!("end {round}"));
        let (input, execution) = (output("{}").digest(), taskback::Execution::default());
        let duration = Duration::from_millis(20);
        let request = ClaimRequest { owner: "first", duration, input: Some(input), execution: &execution };
        let Claim::Acquired(lease) = ledgers[0].claim(&key, &request).await.unwrap().claim else {
            panic!("another owner");
        };
        let wait = Duration::from_millis(rng.u64(15..25));
        let first = async {
            tokio::time::sleep(wait).await;
            ledgers[0].decide(&key, &lease, &output("1")).await.unwrap() == WriteResult::Applied
        };
        let second = async {
            loop {
                match claim(&ledgers[1], &key, "second").await.unwrap() {
                    Claim::Acquired(lease) => {
                        let written = ledgers[1].decide(&key, &lease, &output("2")).await.unwrap();
                        return written == WriteResult::Applied;
                    }
                    Claim::Decided(_) => return false,
                    _ => {}
                }
            }
        };
        let decided = join(first, second).await;
        assert!(decided.0 != decided.1, "round {round}: {decided:?}");
        let expected = output(if decided.0 { "1" } else { "2" });
        assert_eq!(claim(&ledgers[0], &key, "third").await, Ok(Claim::Decided(expected)), "round {round}");
    }
}

/// Decides tasks until a call fails, and returns the numbers of those whose decision was answered, with a permit of
/// `count` for each.
pub(crate) async fn load(ledger: &SqlLedger, name: &str, count: &Semaphore) -> Vec<u32> {
    let mut answered = Vec::new();
    for n in 0.. {
        let key = key(&format!("{name} {n}"));
        let Ok(Claim::Acquired(lease)) = claim(ledger, &key, name).await else { break };
        match ledger.decide(&key, &lease, &output(&n.to_string())).await {
            Ok(WriteResult::Applied) => {
                answered.push(n);
                count.add_permits(1);
            }
            Ok(WriteResult::Superseded) => panic!("{name} {n} was superseded"),
            Err(_) => break,
        }
    }
    answered
}
