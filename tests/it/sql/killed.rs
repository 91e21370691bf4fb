//! A server that is killed under load and starts again.

use std::sync::Arc;

use futures_util::future::join_all;
use taskback::ledger::Claim;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::database::open;
use super::races::load;
use super::server::{Kind, Server};
use super::suite::times;
use crate::ledger::{claim, key, output};

/// The decisions that are answered before each kill.
const DECISIONS: u32 = 200;

/// What was answered as decided is there after each kill.
pub(crate) async fn answered_decisions_survive_kills(kind: Kind, kills: u32) {
    let mut server = spawn_blocking(move || Server::start(kind)).await.unwrap();
    let url = server.database().await;
    let ledger = open(&url);
    ledger.init().await.unwrap();
    for round in 0..kills * times() {
        let count = Arc::new(Semaphore::new(0));
        let workers: Vec<_> = (0..4)
            .map(|worker| {
                let (ledger, count) = (open(&url), Arc::clone(&count));
                tokio::spawn(async move { load(&ledger, &format!("{round} {worker}"), &count).await })
            })
            .collect();
        count.acquire_many(DECISIONS).await.unwrap().forget();
        server = during(server, Server::kill).await;
        let answered = join_all(workers).await;
        server = during(server, Server::restart).await;
        let mut survivors = 0;
        for (worker, answered) in answered.into_iter().enumerate() {
            for n in answered.unwrap() {
                let found = claim(&ledger, &key(&format!("{round} {worker} {n}")), "later").await;
                assert_eq!(found, Ok(Claim::Decided(output(&n.to_string()))), "round {round}");
                survivors += 1;
            }
        }
        assert!(survivors >= DECISIONS, "{survivors} decisions");
    }
}

/// The load goes on while the server is killed or started.
async fn during(mut server: Server, act: impl FnOnce(&mut Server) + Send + 'static) -> Server {
    let acted = spawn_blocking(move || {
        act(&mut server);
        server
    });
    acted.await.unwrap()
}
