use std::collections::BTreeMap;
use std::time::Duration;

use taskback::QueueWorkerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::at_once;
use super::serving::serve_as;
use super::sqs::Sqs;
use crate::process::free_address;
use crate::support::{MINUTE, Rig};

#[tokio::test]
async fn readiness_follows_receives_liveness_follows_thread() {
    let sqs = Sqs::start([]).await;
    sqs.refuse("ReceiveMessage", 1, "AccessDenied");
    let address = free_address();
    let rig = Rig::new();
    let at = address.parse().unwrap();
    let serving =
        serve_as(&sqs, rig.builder().step(at_once), |how| QueueWorkerConfig { health: Some(at), ..how })
            .await;
    sqs.until(|books| !books.calls_of("ReceiveMessage").is_empty()).await;
    let mut seen = BTreeMap::new();
    while seen.get("/readyz").is_none_or(|answer: &String| !answer.contains(" 200 ")) {
        for path in ["/livez", "/readyz", "/other"] {
            let answer = get(&address, path).await;
            let refused = path == "/readyz" && answer.contains(" 503 ") && answer.contains("AccessDenied");
            let starting = path == "/readyz" && answer.contains("starting");
            assert!(
                refused || starting || answer.contains(if path == "/other" { " 404 " } else { " 200 " }),
                "{answer}"
            );
            seen.insert(path, answer);
        }
    }
    serving.end().await;
    assert!(TcpStream::connect(&address).await.is_err());
}

/// Beyond the limit a new connection closes the oldest one, long before its own timeout.
#[tokio::test]
async fn idle_health_connections_are_bounded() {
    let sqs = Sqs::start([]).await;
    let address = free_address();
    let rig = Rig::new();
    let at = address.parse().unwrap();
    let serving =
        serve_as(&sqs, rig.builder().step(at_once), |how| QueueWorkerConfig { health: Some(at), ..how })
            .await;
    let mut idle = Vec::new();
    for _ in 0..300 {
        idle.push(TcpStream::connect(&address).await.unwrap());
        if idle.len().is_multiple_of(50) {
            assert!(get(&address, "/livez").await.contains(" 200 "));
        }
    }
    let closed = async {
        for stream in &mut idle[..300 - 64] {
            assert!(matches!(stream.read(&mut [0]).await, Ok(0) | Err(_)));
        }
    };
    timeout(Duration::from_secs(4), closed).await.expect("a head may take 5 s");
    serving.end().await;
}

pub(super) async fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(MINUTE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}
