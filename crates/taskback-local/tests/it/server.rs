use taskback_core::Service;
use taskback_local::{Config, OpenTask};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Rpc, open, server};

#[tokio::test]
async fn servers_share_nothing() {
    let (one, other) = (server().await, server().await);
    assert_ne!(one.addr(), other.addr());
    assert_eq!(one.url(), format!("http://127.0.0.1:{}", one.addr().port()));
    let task = open(&one, OpenTask::new(Service::Fnf));
    assert_eq!(Rpc::succeeded(&task, "{}").code(&other).await.1, "InvalidArgument");
    assert_eq!(Rpc::succeeded(&task, "{}").send(&one).await.unwrap().status, 200);
    assert_eq!(other.state().tasks(), []);
}

#[tokio::test]
async fn dropped_server_frees_its_port() {
    let server = server().await;
    let addr = server.addr();
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(b"GET /_local/health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    drop(server);
    let mut rest = Vec::new();
    let _reset_or_end = stream.read_to_end(&mut rest).await;
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn connection_carries_many_requests() {
    let server = server().await;
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    for _ in 0..3 {
        stream.write_all(b"GET /_local/health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"{\"status\":\"ok\"}") {
            answer.push(stream.read_u8().await.unwrap());
        }
    }
}

#[tokio::test]
async fn debug_shows_no_secret() {
    let server = server().await;
    let task = open(&server, OpenTask::new(Service::Fnf));
    let config = Config { access_key_secret: "hush".to_owned(), ..Config::default() };
    let shown = format!("{config:?} {server:?} {task:?} {:?}", server.state().tasks());
    assert!(!shown.contains("hush") && !shown.contains(task.token.expose()), "{shown}");
    assert!(shown.contains(&task.fingerprint));
}

/// A request that stops in its head or its body ends with its connection.
#[tokio::test(start_paused = true)]
async fn unfinished_requests_end() {
    let server = server().await;
    for half in [
        "",
        "POST / HTTP/1.1\r\nhost: localhost\r\n",
        "POST /_local/tasks HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{",
    ] {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        let end = stream.read_to_end(&mut rest);
        let ended = tokio::time::timeout(std::time::Duration::from_secs(300), end).await;
        assert!(ended.is_ok(), "{half:?}");
    }
}
