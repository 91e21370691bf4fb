//! The responses of an endpoint that end a task. A transport error must not.

use super::http::{replying, step};
use super::{TASK, deliver, failure, json, output};
use crate::support::{MINUTE, Rig, token};
use crate::wire::server::{Reply, Server};
use taskback::Service;

const JSON: &str = "content-type: application/json\r\n";
const TEXT: &str = "content-type: text/plain\r\n";
const HTML: &str = "content-type: Text/HTML; charset=utf-8\r\n";

/// A body without a length, which ends when the connection closes.
fn unframed(headers: &str, body: &str) -> Reply {
    Reply::Last(format!("HTTP/1.1 200 X\r\n{headers}\r\n{body}"))
}

fn chunked(headers: &str, chunks: &str) -> Reply {
    Reply::Last(format!("HTTP/1.1 200 X\r\n{headers}transfer-encoding: chunked\r\n\r\n{chunks}"))
}

/// Asserts that nothing is reported before the last delivery and `StepFailed` on it. Returns the cause.
async fn retryable(reply: Reply) -> String {
    let (_server, step) = replying(reply.clone()).await;
    let rig = Rig::new();
    let taskback = rig.builder().step(step).build().unwrap();
    assert!(deliver(&taskback, "{}", MINUTE).await.is_some(), "{reply:?}");
    assert_eq!(rig.swf.attempts(&token(Service::Swf, TASK)), 0, "{reply:?}");
    let (_server, step) = replying(reply.clone()).await;
    let (error, cause) = failure(step, "{}").await;
    assert_eq!(error, "StepFailed", "{reply:?}: {cause}");
    cause
}

#[tokio::test]
async fn body_of_2xx_is_the_output() {
    for (reply, expected) in [
        (Reply::http(200, "", r#" {"n": 1.10000000000000000001} "#), r#"{"n": 1.10000000000000000001}"#),
        (Reply::http(201, JSON, "[1, 2]\n"), "[1, 2]"),
        (Reply::http(203, TEXT, "checked é\r\n"), r#""checked é""#),
        (Reply::http(200, TEXT, r#"{"a":1}"#), r#"{"a":1}"#),
        (Reply::http(200, TEXT, "{half"), r#""{half""#),
        (Reply::http(200, "content-type: application/problem+json\r\n", "7"), "7"),
        (Reply::http(200, "content-encoding: identity\r\n", "7"), "7"),
        (Reply::http(299, "", "a < b"), r#""a < b""#),
        (chunked(JSON, "3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n"), r#"{"a":1}"#),
        (unframed(JSON, r#"{"a":1}"#), r#"{"a":1}"#),
        (unframed("", "12\n"), "12"),
    ] {
        let (_server, step) = replying(reply.clone()).await;
        assert_eq!(output(step, "{}").await, expected, "{reply:?}");
    }
}

#[tokio::test]
async fn no_content_is_null() {
    for reply in [
        Reply::http(200, "", ""),
        Reply::http(200, TEXT, "\n"),
        chunked(TEXT, "0\r\n\r\n"),
        Reply::Last("HTTP/1.1 204 X\r\n\r\n".into()),
        Reply::http(205, "", ""),
    ] {
        let (_server, step) = replying(reply.clone()).await;
        assert_eq!(output(step, "{}").await, "null", "{reply:?}");
    }
}

/// Such a response is more often a gateway's than a step's.
#[tokio::test]
async fn empty_body_declared_as_json_is_retryable() {
    for reply in [Reply::http(200, JSON, ""), Reply::http(200, JSON, " \n"), chunked(JSON, "0\r\n\r\n")] {
        let cause = retryable(reply).await;
        assert_eq!(cause, "the endpoint answered 200 with an empty body that is declared as JSON");
    }
}

#[tokio::test]
async fn accepted_and_partial_are_retryable() {
    for status in [202, 206] {
        let cause = retryable(Reply::http(status, JSON, r#"{"queued":true}"#)).await;
        assert!(cause.starts_with(&format!("the endpoint answered {status}, ")), "{cause}");
    }
}

/// An endpoint that honours the Idempotency-Key responds 409 while the first request with that key runs.
#[tokio::test]
async fn conflict_waits_for_the_first_request() {
    let replies = [Reply::http(409, JSON, "{}"), Reply::http(200, JSON, r#"{"charged":true}"#)];
    let server = Server::start(replies).await;
    let rig = Rig::new();
    let taskback = rig.builder().step(step(&server.url)).build().unwrap();
    assert!(deliver(&taskback, "{}", MINUTE).await.is_some());
    assert_eq!(deliver(&taskback, "{}", MINUTE).await, None);
    let [outcome] = &rig.swf.accepted(&token(Service::Swf, TASK))[..] else { panic!("one outcome") };
    assert_eq!(json(outcome), r#"{"charged":true}"#);
}

/// A sign-in page has status 200, and a gateway's own error page may have 400.
#[tokio::test]
async fn html_is_retryable_with_any_status() {
    let page = "<html><title>Sign in</title></html>";
    for status in [200, 201, 203, 299, 400, 410, 422] {
        let cause = retryable(Reply::http(status, HTML, page)).await;
        assert_eq!(cause, format!("the endpoint answered {status} with HTML"));
    }
    for reply in [
        Reply::http(200, "content-type:text/html\r\n", "1"),
        Reply::http(200, "content-type: application/xhtml+xml\r\n", page),
        Reply::http(200, "", page),
        Reply::http(422, "", "\u{feff}\n<!DocType HTML><p>Bad request"),
        unframed("", page),
        Reply::http(200, HTML, &"x".repeat(3_000_000)),
        Reply::http(200, "", &format!("<HTML>{}", "x".repeat(3_000_000))),
    ] {
        retryable(reply).await;
    }
    let (_server, step) = replying(Reply::http(422, TEXT, "<html> is not a card number")).await;
    assert_eq!(failure(step, "{}").await.0, "HttpStatus422");
}

#[tokio::test]
async fn truncated_response_is_retryable() {
    for reply in [
        Reply::Last("HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\n{\"half\":1}".into()),
        Reply::Last("HTTP/1.1 200 X\r\ncontent-length: 100\r\ncontent-type: text/plain\r\n\r\nhalf".into()),
        chunked(JSON, "7\r\n{\"a\":1}\r\n"),
        chunked(TEXT, "4\r\nhalf\r\n0\r\n"),
        chunked(TEXT, "ff\r\nhalf"),
        unframed(JSON, "{\"amount\": 12"),
        unframed("", "{\"amount\": 12"),
        unframed(TEXT, "[1, 2"),
        unframed(JSON, ""),
        unframed("", ""),
        // The rest of the number or of the text may be missing.
        unframed(JSON, "12"),
        unframed(TEXT, "verif"),
        // In HTTP/1.1 a body with another transfer coding ends with the connection.
        unframed("transfer-encoding: gzip\r\n", "{\"a\":1}"),
    ] {
        retryable(reply).await;
    }
}

#[tokio::test]
async fn body_cut_inside_character_is_retryable() {
    let address = cut_character().await;
    let (error, _) = failure(step(&format!("http://{address}")), "{}").await;
    assert_eq!(error, "StepFailed");
}

/// An endpoint whose response ends in the middle of an é.
async fn cut_character() -> std::net::SocketAddr {
    use tokio::io::AsyncWriteExt;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        crate::wire::server::read(&mut stream).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 X\r\n\r\n\"caf\xc3").await.unwrap();
    });
    address
}

#[tokio::test]
async fn declared_json_that_does_not_parse_is_retryable() {
    for (headers, body) in [
        (JSON, "{\"half\":"),
        (JSON, r#"{"score": NaN}"#),
        (JSON, "\u{feff}{\"a\":1}"),
        ("content-type: APPLICATION/JSON ; charset=utf-8\r\n", "verified"),
        ("content-type: application/vnd.card+json\r\n", "verified"),
        // Without a content type, a body that looks like JSON must be JSON.
        ("", "{\"half\":"),
        ("", "INFO verified\n{\"a\":1}"),
        ("", "NaN"),
    ] {
        let cause = retryable(Reply::http(200, headers, body)).await;
        assert!(cause.contains("JSON") && !cause.contains("half"), "{cause}");
    }
}

/// No request asks for compression, and the bytes would pass for an output that is not UTF-8.
#[tokio::test]
async fn compressed_body_is_retryable() {
    for headers in
        ["content-encoding: gzip\r\n", "content-encoding: Br\r\ncontent-type: application/json\r\n"]
    {
        let cause = retryable(Reply::http(200, headers, "x")).await;
        assert!(cause.contains("content-encoding"), "{cause}");
    }
}
