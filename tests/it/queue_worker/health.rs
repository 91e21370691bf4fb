use std::collections::BTreeMap;

use taskback::Work;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::at_once;
use super::serving::serve_as;
use super::sqs::Sqs;
use crate::process::free_address;
use crate::support::{MINUTE, Rig};

#[tokio::test]
async fn readiness_follows_the_receives_and_liveness_the_thread() {
    let sqs = Sqs::start([]).await;
    sqs.refuse("ReceiveMessage", 1, "AccessDenied");
    let address = free_address();
    let rig = Rig::new();
    let at = address.parse().unwrap();
    let serving = serve_as(&sqs, rig.builder().step(at_once), |how| Work { health: Some(at), ..how }).await;
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

async fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(MINUTE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}
