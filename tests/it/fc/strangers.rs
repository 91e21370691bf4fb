//! Requests that do not come from the host: senders behind an HTTP trigger, and idle connections.

use std::fs;
use std::time::{Duration, Instant};

use taskback_local::TaskState;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::host::{Call, Host, keys};
use super::{CARD, SECRET, call, card, good_keys, local, open, state, worker};
use crate::support::MINUTE;
use taskback::Service;

#[tokio::test]
async fn http_trigger_provides_neither_tasks_nor_keys() {
    let server = local().await;
    let host = Host::start(&mut worker(&server.url())).await;
    let token = open(&server, Service::Fnf);
    let event = card(&token, CARD);
    for (path, added) in [
        ("/invoke", "x-fc-control-path: /http-invoke\r\n"),
        ("/invoke", "x-fc-control-path: /invoke\r\nx-fc-control-path: /http-invoke\r\n"),
        ("/invoke", "x-fc-control-path: /http-invoke\r\nx-fc-control-path: /invoke\r\n"),
        ("/invoke", "connection: x-fc-control-path\r\n"),
        ("/any", "x-fc-control-path: /invoke\r\n"),
        ("/any", ""),
    ] {
        for (method, path) in [("POST", path), ("POST", "/"), ("GET", path)] {
            let headers = format!("{added}{}", good_keys());
            let answer = host.call(Call { headers, body: &event, ..call(method, path, "stranger") }).await;
            assert_eq!(answer.body["errorType"], "UnknownCall", "{answer:?}");
        }
    }
    // If any of the keys had been accepted, this report would succeed with them: the environment's keys have
    // expired.
    let answer = host.invoke("r", "x-fc-control-path: /invoke\r\n".into(), &event).await;
    assert_eq!(answer.body["errorType"], "ReportFailed", "{answer:?}");
    assert_eq!(state(&server, &token), TaskState::Open);
    assert!(!host.process.printed().contains("stranger"), "{}", host.process.printed());
}

#[tokio::test]
async fn incomplete_temporary_key_falls_back_to_environment() {
    let server = local().await;
    let mut command = worker(&server.url());
    command.envs([
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "taskback-local"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET),
    ]);
    let mut host = Host::start(&mut command).await;
    let token = open(&server, Service::Fnf);
    let answer = host.invoke("r", keys("STS.of-the-role", "role-secret", ""), &card(&token, CARD)).await;
    assert_eq!(answer.body["receipt"], "recorded", "{answer:?}");
    let line = host.process.line("credentials.invalid").await;
    assert!(line.contains("x-fc-security-token") && !line.contains("of-the-role"), "{line}");
}

/// An invocation whose event never arrives completely.
async fn unfinished(host: &Host) -> TcpStream {
    let mut stream = host.connected().await;
    let half =
        b"POST /invoke HTTP/1.1\r\nhost: x\r\nx-fc-request-id: half\r\ncontent-length: 1000\r\n\r\n{\"a\":";
    stream.write_all(half).await.unwrap();
    stream
}

#[tokio::test]
async fn unfinished_event_does_not_hold_up_the_stop() {
    let server = local().await;
    let mut host = Host::start(&mut worker(&server.url())).await;
    let _half = unfinished(&host).await;
    host.process.line("FC Invoke Start RequestId: half").await;
    let stopped = timeout(Duration::from_secs(10), host.call(call("GET", "/pre-stop", "stop"))).await;
    assert_eq!(stopped.expect("the function's timeout is 30 s").status, 200);
}

#[tokio::test]
async fn event_must_arrive_within_function_timeout() {
    let server = local().await;
    let host = Host::start(worker(&server.url()).env("TASKBACK_FC_TIMEOUT", "1")).await;
    let mut half = unfinished(&host).await;
    let mut answer = vec![0; 4096];
    let bytes = timeout(MINUTE, half.read(&mut answer)).await.unwrap().unwrap();
    let answer = String::from_utf8_lossy(&answer[..bytes]);
    assert!(answer.contains("x-fc-status: 404") && answer.contains("did not arrive in time"), "{answer}");
}

/// A step may open connections to its own function, and so may any process beside it.
#[tokio::test]
async fn idle_connections_block_neither_descriptors_nor_invocations() {
    let server = local().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let step = format!("http://{}/", listener.local_addr().unwrap());
    let host = Host::start(worker(&server.url()).env("TASKBACK_STEP", step)).await;
    let token = open(&server, Service::Fnf);
    let event = card(&token, CARD);
    let crowd = async {
        let (mut step, _) = listener.accept().await.unwrap();
        let mut idle = Vec::new();
        for _ in 0..700 {
            idle.push(host.connected().await);
        }
        let stopped = host.call(call("POST", "/initialize", "i")).await;
        assert_eq!(stopped.status, 200);
        let open = fs::read_dir(format!("/proc/{}/fd", host.process.child.id())).unwrap().count();
        step.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n7").await.unwrap();
        (open, idle, step)
    };
    let began = Instant::now();
    let (answer, (open, ..)) = tokio::join!(host.invoke("r", good_keys(), &event), crowd);
    assert!(open < 600, "{open} descriptors");
    assert_eq!(answer.body["output"], 7, "{answer:?} after {:?}", began.elapsed());
    assert_eq!(state(&server, &token), TaskState::Succeeded);
}
