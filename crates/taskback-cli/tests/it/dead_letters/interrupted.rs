//! A signal while messages are moved.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use super::setup::{Letters, envelope};
use super::token;
use crate::process::Process;
use crate::serve::setup::signal;

#[tokio::test]
async fn interrupted_pass_shows_moved_letters() {
    let letters = Letters::new("tasks").await;
    letters.dynamodb().await;
    for n in 0..10 {
        letters.send(&envelope(&token(&n.to_string())), &n.to_string()).await;
    }
    let ledger = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut command = letters.command(&["dead-letters", "redrive", "--apply"]);
    command.args(["--ledger", "dynamodb:tasks", "--queue-url", &letters.url("dead")]);
    command.env("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{}", ledger.local_addr().unwrap()));
    let process = Process::start(&mut command);
    // The ledger is read for the first message, and answers after the signal.
    let (mut first, _) = ledger.accept().await.unwrap();
    signal(&process, "INT");
    let address = letters.address();
    tokio::spawn(async move {
        loop {
            let mut moto = TcpStream::connect(&address).await.unwrap();
            copy_bidirectional(&mut first, &mut moto).await.ok();
            first = ledger.accept().await.unwrap().0;
        }
    });
    let (status, printed) = process.end().await;
    assert_eq!(status.code(), Some(0), "{printed}");
    for expected in ["taskback: interrupted", "moved, runs the step", "There are more messages"] {
        assert!(printed.contains(expected), "{expected}: {printed}");
    }
    let ((stayed, hidden), (moved, _)) = (letters.count("dead").await, letters.count("tasks").await);
    assert!(moved >= 1 && stayed >= 1 && hidden == 0 && moved + stayed == 10, "{moved} {stayed} {printed}");
}
