//! A cancellation while the start of the child execution is in flight.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use taskback::fnf_flow::StartFlow;
use taskback::{Service, Services, Taskback};
use taskback_local::OpenTask;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::*;
use crate::wire::server::read;

/// A service that starts an execution some time after the request, even if the client has disconnected.
async fn slow_service() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let started = Arc::new(AtomicBool::new(false));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // The client may disconnect at any time; then no response is needed.
            tokio::spawn(serve(stream, Arc::clone(&started)));
        }
    });
    url
}

async fn serve(mut stream: TcpStream, started: Arc<AtomicBool>) -> io::Result<()> {
    while let Some(request) = read(&mut stream).await? {
        if request.line.contains("Action=StartExecution") {
            sleep(Duration::from_millis(500)).await;
            started.store(true, Ordering::SeqCst);
        }
        let (status, body) = match started.load(Ordering::SeqCst) {
            true => (200, r#"{"Status":"Running","RequestId":"REQ-1"}"#),
            false => (404, r#"{"Code":"ExecutionNotExists","Message":"m","RequestId":"REQ-1"}"#),
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}");
        stream.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}

/// Only then does the stop find the execution.
#[tokio::test]
async fn cancellation_waits_for_pending_start() {
    let swf = Server::bind(Config::default()).await.unwrap();
    let task = swf.state().open(OpenTask::new(Service::Swf)).unwrap();
    swf.state().cancel(&task.fingerprint).unwrap();
    let step = StartFlow::new(client(&slow_service().await), "child");
    let builder = Taskback::builder().step(step).services(Services::local(&swf.url()).unwrap());
    let taskback = builder.heartbeat(Duration::from_millis(50)).build().unwrap();
    let body = json!({"service": "swf", "taskToken": task.token.expose(), "input": {}});
    let answer = value(&taskback.handle(&direct_event(&body.to_string()), MINUTE).await.unwrap());
    assert_eq!(answer["details"], format!("execution tb-{} was stopped", task.fingerprint));
}
