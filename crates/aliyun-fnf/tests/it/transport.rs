use std::time::Duration;

use aliyun_fnf::{
    Client, Credentials, DescribeExecution, Error, ErrorKind, GetExecutionHistory, ReportTaskSucceeded,
};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::server::{KEY_ID, REPORTED, Reply, SECRET, Server, TOKEN, answer, ok, settle};

const SOON: Duration = Duration::from_millis(50);

async fn report(client: &Client) -> Result<(), Error> {
    client.call(ReportTaskSucceeded::new(TOKEN, "{}")).await.map(drop)
}

#[tokio::test]
async fn refused_connection_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let keys = Credentials::new(KEY_ID, SECRET);
    let client = Client::builder().endpoint(endpoint).credentials(keys).build().unwrap();
    let error = report(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSent);
    assert!(!error.may_have_been_sent());
    assert!(error.message().contains("refused"), "{error}");
    assert_eq!(error.status(), None);
}

#[tokio::test]
async fn unknown_host_received_nothing() {
    let keys = Credentials::new(KEY_ID, SECRET);
    let client = Client::builder().endpoint("https://fnf.invalid").credentials(keys).build().unwrap();
    let error = report(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSent);
    assert!(!error.may_have_been_sent());
}

#[tokio::test]
async fn hanging_handshake_ends_at_connect_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("https://{}", listener.local_addr().unwrap());
    let keys = Credentials::new(KEY_ID, SECRET);
    let builder = Client::builder().endpoint(endpoint).credentials(keys).connect_timeout(SOON);
    let error = report(&builder.build().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSent);
    assert!(!error.may_have_been_sent());
    drop(listener);
}

#[tokio::test]
async fn cut_connection_may_have_sent() {
    for reply in [Reply::Cut, Reply::Half] {
        let half = matches!(reply, Reply::Half);
        let server = Server::start(vec![reply]).await;
        let error = report(&server.client()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoResponse);
        assert!(error.may_have_been_sent());
        assert_eq!(error.status(), half.then_some(200));
        assert_eq!(server.seen().len(), 1, "it is not sent again");
    }
}

#[tokio::test]
async fn silent_service_ends_at_read_timeout() {
    let server = Server::start(vec![Reply::Silence]).await;
    let client = server.builder().read_timeout(SOON).build().unwrap();
    let error = report(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoResponse);
    assert!(error.may_have_been_sent());
}

#[tokio::test]
async fn deadline_precedes_the_read_timeout() {
    let server = Server::start(vec![Reply::Silence]).await;
    let started = Instant::now();
    let call = server.client().call(ReportTaskSucceeded::new(TOKEN, "{}")).timeout(SOON);
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::NoResponse);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn past_deadline_sends_nothing() {
    let server = Server::start(vec![]).await;
    let call = server.client().call(ReportTaskSucceeded::new(TOKEN, "{}")).deadline(Instant::now());
    let error = call.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSent);
    assert!(!error.may_have_been_sent());
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn long_poll_extends_the_read_timeout() {
    let server = Server::start(vec![Reply::Silence]).await;
    let client = server.builder().read_timeout(SOON).build().unwrap();
    let started = Instant::now();
    let call = client.call(DescribeExecution::new("flow", "name").wait_seconds(1));
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::NoResponse);
    assert!(started.elapsed() >= Duration::from_secs(1) + SOON);
}

#[tokio::test]
async fn calls_share_a_warm_connection() {
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
async fn connect_ignores_every_error() {
    for reply in [Reply::Cut, Reply::Half, Reply::Silence, answer(500, "<html>")] {
        let server = Server::start(vec![reply]).await;
        server.builder().read_timeout(SOON).build().unwrap().connect().await;
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn closed_connection_loses_no_request() {
    let server = Server::start(vec![Reply::AnswerAndClose(200, REPORTED.to_owned()), ok(REPORTED)]).await;
    let client = server.client();
    report(&client).await.unwrap();
    settle().await;
    report(&client).await.unwrap();
    assert_eq!((server.connections(), server.seen().len()), (2, 2));
}

#[tokio::test]
async fn idle_connection_is_not_reused() {
    let server = Server::start(vec![ok(REPORTED), ok(REPORTED)]).await;
    let client = server.builder().idle_timeout(Duration::from_nanos(1)).build().unwrap();
    report(&client).await.unwrap();
    settle().await;
    report(&client).await.unwrap();
    assert_eq!(server.connections(), 2);
}

/// An oversized response is lost, and the service may have performed the request.
#[tokio::test]
async fn oversized_response_counts_as_no_response() {
    let padded = |bytes: usize| format!(r#"{{"EventId":7,"RequestId":"R","X":"{}"}}"#, "x".repeat(bytes));
    let chunked = |count: usize| {
        let body = format!("1\r\n \r\n{}", "1\r\n \r\n".repeat(count));
        Reply::Raw(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{body}0\r\n\r\n"))
    };
    let many = "x-h: 1\r\n".repeat(200);
    let long = format!("x-h: {}\r\n", "x".repeat(1 << 20));
    let head = |headers: &str| Reply::Raw(format!("HTTP/1.1 200 OK\r\n{headers}content-length: 0\r\n\r\n"));
    let announced = Reply::Raw("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n{".into());
    for reply in [ok(&padded(64 << 10)), chunked(64 << 10), head(&many), head(&long), announced] {
        let server = Server::start(vec![reply]).await;
        let error = server.client().call(ReportTaskSucceeded::new(TOKEN, "{}")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoResponse, "{error}");
        assert!(error.may_have_been_sent(), "{error}");
    }
    let server = Server::start(vec![ok(&padded(60 << 10))]).await;
    assert!(server.client().call(ReportTaskSucceeded::new(TOKEN, "{}")).await.is_ok());
    // A page of a history may be larger than the response to a report.
    let server = Server::start(vec![ok(&padded(8 << 20))]).await;
    assert!(server.client().call(GetExecutionHistory::new("f", "e")).await.is_ok());
}
