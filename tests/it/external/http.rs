use std::time::{Duration, Instant};

use serde_json::json;
use taskback::StepUrl;
use taskback::testing::Message;
use taskback::{HttpStep, Service};

use super::{TASK, deliver, failure};
use crate::support::{MINUTE, Rig, kept_within, token};
use crate::wire::server::{Reply, Server};

pub(super) fn step(url: &str) -> HttpStep {
    HttpStep::new(StepUrl::parse(url, None).unwrap()).unwrap()
}

pub(crate) async fn replying(reply: Reply) -> (Server, HttpStep) {
    let server = Server::start([reply]).await;
    let step = step(&format!("{}/step?a=b", server.url));
    (server, step)
}

#[tokio::test]
async fn only_400_410_422_are_terminal() {
    for status in [400, 410, 422] {
        let (_server, step) = replying(Reply::http(status, "", " no such order\n")).await;
        assert_eq!(failure(step, "{}").await, (format!("HttpStatus{status}"), "no such order".into()));
    }
    let (_server, step) = replying(Reply::http(422, "", "")).await;
    assert_eq!(failure(step, "{}").await.1, "the endpoint answered 422");
    let (_server, step) = replying(Reply::http(422, "", &format!("begins{}", "x".repeat(3_000_000)))).await;
    let (_, cause) = failure(step, "{}").await;
    assert!(cause.len() == 4096 && cause.starts_with("beginsx"), "{}", cause.len());
    let broken = Reply::Last("HTTP/1.1 422 X\r\ncontent-length: 100\r\n\r\nhalf".into());
    let (_server, step) = replying(broken).await;
    assert_eq!(failure(step, "{}").await, ("HttpStatus422".into(), "half".into()));
    let stalled = Reply::Bytes("HTTP/1.1 422 X\r\ncontent-length: 100\r\n\r\nhalf".into());
    let (_server, step) = replying(stalled).await;
    assert_eq!(failure(step, "{}").await, ("HttpStatus422".into(), "half".into()));
}

#[tokio::test]
async fn other_statuses_are_retryable() {
    for status in [
        401, 402, 403, 404, 405, 406, 408, 409, 411, 413, 415, 418, 423, 425, 429, 451, 500, 501, 502, 503,
        504,
    ] {
        let (_server, step) = replying(Reply::http(status, "", "an endpoint's page")).await;
        let wanted = ("StepFailed".to_owned(), format!("the endpoint answered {status}"));
        assert_eq!(failure(step, "{}").await, wanted);
    }
    let (_server, step) = replying(Reply::http(500, "", "")).await;
    let rig = Rig::new();
    let taskback = rig.builder().step(step).build().unwrap();
    assert!(deliver(&taskback, "{}", MINUTE).await.is_some());
    assert_eq!(rig.swf.attempts(&token(Service::Swf, TASK)), 0);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let there = Server::start([Reply::http(200, "", "1")]).await;
        let (_server, step) =
            replying(Reply::http(status, &format!("location: {}\r\n", there.url), "")).await;
        let (error, cause) = failure(step, "{}").await;
        assert_eq!(error, "StepFailed");
        assert_eq!(cause, format!("the endpoint answered {status}, and no redirect is followed"));
        assert_eq!(there.connections(), 0);
    }
}

#[tokio::test]
async fn missing_response_is_retryable() {
    for reply in [Reply::Unread, Reply::Reset, Reply::Bytes("no HTTP\r\n\r\n".into())] {
        let (_server, step) = replying(reply.clone()).await;
        assert_eq!(failure(step, "{}").await.0, "StepFailed", "{reply:?}");
    }
    let gone = crate::process::free_address();
    assert_eq!(failure(step(&format!("http://{gone}")), "{}").await.0, "StepFailed");
}

#[tokio::test]
async fn endpoint_without_tls_gets_no_request() {
    let server = Server::start([Reply::Reset]).await;
    let url = server.url.replacen("http", "https", 1);
    // The TLS hello does not contain the line end that the server waits for.
    let rig = Rig::new();
    let taskback = rig.builder().step(step(&url)).build().unwrap();
    assert!(deliver(&taskback, "{}", Duration::from_secs(1)).await.is_some());
    assert_eq!((server.connections(), server.requests().len()), (1, 0));
}

#[tokio::test]
async fn slow_response_ends_at_deadline() {
    let slow = Reply::Bytes("HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\n{\"half\":".into());
    for reply in [slow, Reply::Silence] {
        let (_server, step) = replying(reply.clone()).await;
        let rig = Rig::new();
        let taskback = rig.builder().step(step).build().unwrap();
        let begun = Instant::now();
        assert!(deliver(&taskback, "{}", Duration::from_secs(1)).await.is_some(), "{reply:?}");
        assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
        assert_eq!(rig.swf.attempts(&token(Service::Swf, TASK)), 0);
    }
}

/// Beyond 1 MiB a response is too large.
#[tokio::test]
async fn oversized_response_is_not_read_whole() {
    let (_server, step) = replying(Reply::http(200, "", &"1".repeat(3_000_000))).await;
    assert_eq!(failure(step, "{}").await.0, "OutputTooLarge");
    let endless = Reply::Bytes(format!(
        "HTTP/1.1 200 X\r\ncontent-length: 9000000000\r\n\r\n{}",
        "1".repeat(2_000_000)
    ));
    let (_server, step) = replying(endless).await;
    assert_eq!(failure(step, "{}").await.0, "OutputTooLarge");
}

#[tokio::test]
async fn idempotency_key_is_stable_across_deliveries() {
    let server = Server::start([Reply::http(503, "", ""), Reply::http(200, "", "1")]).await;
    let rig = Rig::new();
    let taskback = rig.builder().step(step(&server.url)).build().unwrap();
    assert!(deliver(&taskback, "{}", MINUTE).await.is_some());
    assert_eq!(deliver(&taskback, "{}", MINUTE).await, None);
    let key = format!("idempotency-key: {}", token(Service::Swf, TASK).fingerprint().hex());
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|request| request.head.lines().any(|line| line == key)), "{requests:?}");
    // No connection is kept between deliveries.
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn endpoint_gets_task_without_token() {
    let task = token(Service::Swf, TASK);
    let body = json!({
        "service": "swf", "taskToken": task.expose(), "input": {"a": 1},
        "execution": {
            "workflowId": "order 7\r\nevil: é%", "activityId": task.expose(), "activityType": "x".repeat(5000),
        },
    });
    let server = Server::start([Reply::http(200, "", "1")]).await;
    let (_, place) = server.url.split_once("//").unwrap();
    let rig = Rig::new();
    let step = step(&format!("http://user:p%40ss@{place}/step?key=k"));
    let taskback = rig.builder().step(step).build().unwrap();
    let message = Message::new("m", body.to_string()).received(3);
    assert!(kept_within(&taskback, &[message], MINUTE).await.is_empty());
    let [request] = &server.requests()[..] else { panic!() };
    crate::secrets::assert_hidden(&request.head, [task.expose()]);
    assert_eq!((&*request.line, &*request.body), ("POST /step?key=k HTTP/1.1", r#"{"a":1}"#));
    let fingerprint = task.fingerprint();
    for line in [
        format!("idempotency-key: {}", fingerprint.hex()),
        format!("taskback-business-key: order%207%0D%0Aevil:%20%C3%A9%25/[token%20{}]", fingerprint.short()),
        "taskback-service: swf".into(),
        "taskback-attempt: 3".into(),
        "content-type: application/json".into(),
        "authorization: Basic dXNlcjpwQHNz".into(),
        format!("host: {place}"),
        "content-length: 7".into(),
    ] {
        assert!(request.head.lines().any(|seen| seen == line), "{line} is not in\n{}", request.head);
    }
    assert!(!request.head.contains("activity-type"), "what is too long is left out:\n{}", request.head);
}

#[test]
fn debug_and_errors_hide_url_secrets() {
    let secret = "https://user:the-secret@steps.test/the-secret?the-secret";
    assert_eq!(format!("{:?}", StepUrl::parse(secret, None).unwrap()), "StepUrl(\"steps.test\")");
    let error = StepUrl::parse("http://user:the-secret@steps.test/the-secret", None).unwrap_err();
    assert!(!error.contains("the-secret") && error.contains("steps.test"), "{error}");
}
