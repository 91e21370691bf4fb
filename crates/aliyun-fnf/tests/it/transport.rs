use std::time::Duration;

use aliyun_fnf::{Client, Credentials, DescribeExecution, Error, ErrorKind, ReportTaskSucceeded};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::server::{KEY_ID, REPORTED, Reply, SECRET, Server, TOKEN, answer, ok, settle};

const SOON: Duration = Duration::from_millis(50);

async fn report(client: &Client) -> Result<(), Error> {
    client.call(ReportTaskSucceeded::new(TOKEN, "{}")).await.map(drop)
}

#[tokio::test]
async fn a_refused_connection_certainly_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let keys = Credentials::new(KEY_ID, SECRET);
    let client = Client::builder().endpoint(endpoint).credentials(keys).build().unwrap();
    let error = report(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreached);
    assert!(!error.may_have_been_sent());
    assert!(error.message().contains("refused"), "{error}");
    assert_eq!(error.status(), None);
}

#[tokio::test]
async fn an_unknown_host_certainly_got_nothing() {
    let keys = Credentials::new(KEY_ID, SECRET);
    let client = Client::builder().endpoint("https://fnf.invalid").credentials(keys).build().unwrap();
    let error = report(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreached);
    assert!(!error.may_have_been_sent());
}

#[tokio::test]
async fn a_tls_handshake_that_hangs_ends_with_the_connect_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("https://{}", listener.local_addr().unwrap());
    let keys = Credentials::new(KEY_ID, SECRET);
    let builder = Client::builder().endpoint(endpoint).credentials(keys).connect_timeout(SOON);
    let error = report(&builder.build().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreached);
    assert!(!error.may_have_been_sent());
    drop(listener);
}

#[tokio::test]
async fn a_connection_that_is_cut_may_have_brought_the_request() {
    for reply in [Reply::Cut, Reply::Half] {
        let half = matches!(reply, Reply::Half);
        let server = Server::start(vec![reply]).await;
        let error = report(&server.client()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoAnswer);
        assert!(error.may_have_been_sent());
        assert_eq!(error.status(), half.then_some(200));
        assert_eq!(server.seen().len(), 1, "it is not sent again");
    }
}

#[tokio::test]
async fn a_silent_service_ends_with_the_read_timeout_and_may_have_the_request() {
    let server = Server::start(vec![Reply::Silence]).await;
    let client = server.builder().read_timeout(SOON).build().unwrap();
    let error = report(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoAnswer);
    assert!(error.may_have_been_sent());
}

#[tokio::test]
async fn a_deadline_ends_the_call_before_the_read_timeout() {
    let server = Server::start(vec![Reply::Silence]).await;
    let started = Instant::now();
    let call = server.client().call(ReportTaskSucceeded::new(TOKEN, "{}")).timeout(SOON);
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::NoAnswer);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_deadline_that_is_past_sends_nothing() {
    let server = Server::start(vec![]).await;
    let call = server.client().call(ReportTaskSucceeded::new(TOKEN, "{}")).by(Instant::now());
    let error = call.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreached);
    assert!(!error.may_have_been_sent());
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_long_poll_gets_its_wait_on_top_of_the_read_timeout() {
    let server = Server::start(vec![Reply::Silence]).await;
    let client = server.builder().read_timeout(SOON).build().unwrap();
    let started = Instant::now();
    let call = client.call(DescribeExecution::new("flow", "name").wait_seconds(1));
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::NoAnswer);
    assert!(started.elapsed() >= Duration::from_secs(1) + SOON);
}

#[tokio::test]
async fn calls_share_a_connection_that_is_opened_ahead() {
    let server = Server::start(vec![answer(404, "{}"), ok(REPORTED), ok(REPORTED)]).await;
    let client = server.client();
    client.connect().await;
    settle().await;
    report(&client).await.unwrap();
    settle().await;
    report(&client).await.unwrap();
    assert_eq!(server.connections(), 1);
    assert_eq!(server.seen()[0].line, "GET / HTTP/1.1");
    assert!(server.seen()[0].params().is_empty());
}

#[tokio::test]
async fn opening_ahead_ignores_every_fault() {
    for reply in [Reply::Cut, Reply::Half, Reply::Silence, answer(500, "<html>")] {
        let server = Server::start(vec![reply]).await;
        server.builder().read_timeout(SOON).build().unwrap().connect().await;
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_connection_that_the_service_closed_meanwhile_loses_no_request() {
    let server = Server::start(vec![Reply::AnswerAndClose(200, REPORTED.to_owned()), ok(REPORTED)]).await;
    let client = server.client();
    report(&client).await.unwrap();
    settle().await;
    report(&client).await.unwrap();
    assert_eq!((server.connections(), server.seen().len()), (2, 2));
}

#[tokio::test]
async fn a_connection_that_was_idle_for_too_long_is_not_used() {
    let server = Server::start(vec![ok(REPORTED), ok(REPORTED)]).await;
    let client = server.builder().idle_timeout(Duration::from_nanos(1)).build().unwrap();
    report(&client).await.unwrap();
    settle().await;
    report(&client).await.unwrap();
    assert_eq!(server.connections(), 2);
}
