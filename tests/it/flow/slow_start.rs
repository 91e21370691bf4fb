//! A cancellation while the start of the child is still under way.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use taskback::core::Service;
use taskback::flow::StartFlow;
use taskback::{Services, Taskback};
use taskback_local::OpenTask;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::*;
use crate::wire::server::read;

/// A service that begins an execution some time after it was asked to, whoever still listens.
async fn slow_service() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let started = Arc::new(AtomicBool::new(false));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // The client may go at any time; then there is nobody to answer.
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

#[tokio::test]
async fn a_start_under_way_is_waited_for_so_that_the_stop_finds_it() {
    let swf = Server::bind(Config::default()).await.unwrap();
    let task = swf.state().open(OpenTask::new(Service::Swf)).unwrap();
    swf.state().cancel(&task.fingerprint).unwrap();
    let step = StartFlow::new(client(&slow_service().await), "child");
    let builder = Taskback::builder().step(step).services(Services::local(&swf.url()).unwrap());
    let taskback = builder.heartbeat(Duration::from_millis(50)).build().unwrap();
    let body = json!({"service": "swf", "taskToken": task.token.expose(), "input": {}});
    let answer = taskback.handle(&direct_event(&body.to_string()), MINUTE).await.unwrap();
    assert_eq!(answer["details"], format!("execution tb-{} was stopped", task.fingerprint));
}
