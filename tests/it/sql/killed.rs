//! A server that is killed under load and starts again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use taskback::ledger::Claim;

use super::races::load;
use super::server::{Kind, Server, open};
use crate::ledger::{claim, key, output};

/// What was answered as decided is there after each kill.
pub(crate) async fn answered_decisions_survive_kills(kind: Kind, kills: u32) {
    let mut server = tokio::task::spawn_blocking(move || Server::start(kind)).await.unwrap();
    let url = server.database().await;
    let ledger = open(&url);
    ledger.init().await.unwrap();
    for round in 0..kills {
        let stop = Arc::new(AtomicBool::new(false));
        let workers: Vec<_> = (0..4)
            .map(|worker| {
                let (ledger, stop) = (open(&url), Arc::clone(&stop));
                tokio::spawn(async move { load(&ledger, &format!("{round} {worker}"), &stop).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(400)).await;
        server = tokio::task::spawn_blocking(move || {
            server.kill();
            server
        })
        .await
        .unwrap();
        stop.store(true, Ordering::Relaxed);
        let answered = join_all(workers).await;
        server = tokio::task::spawn_blocking(move || {
            server.restart();
            server
        })
        .await
        .unwrap();
        let mut count = 0;
        for (worker, answered) in answered.into_iter().enumerate() {
            for n in answered.unwrap() {
                let found = claim(&ledger, &key(&format!("{round} {worker} {n}")), "later").await;
                assert_eq!(found, Ok(Claim::Decided(output(&n.to_string()))), "round {round}");
                count += 1;
            }
        }
        assert!(count > 20, "only {count} decisions before the kill");
    }
}
