//! Refusals of a signature, after which the service did nothing.

use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use taskback::{HeartbeatStatus, Reporter, Service, Swf};

use super::server::{Reply, Request, Server};
use super::{ID, reported, taskback};
use crate::route::Route;
use crate::support::{kept_within, message, token};

const MINUTE: i64 = 60;

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// A service whose clock is `ahead` refuses the signature.
fn skewed(ahead: i64) -> Reply {
    let date = DateTime::from_secs(now() + ahead).fmt(Format::HttpDate).unwrap();
    let body =
        r#"{"__type":"com.amazon.coral.service#InvalidSignatureException","message":"Signature expired"}"#;
    Reply::http(400, &format!("{ID}date: {date}\r\n"), body)
}

/// The time at which a request was signed, in seconds from now.
fn signed_ahead(request: &Request) -> i64 {
    let date = request.head.lines().find_map(|line| line.strip_prefix("x-amz-date: ")).unwrap();
    let text =
        [&date[..4], "-", &date[4..6], "-", &date[6..11], ":", &date[11..13], ":", &date[13..]].concat();
    DateTime::from_str(&text, Format::DateTime).unwrap().secs() - now()
}

#[tokio::test]
async fn skewed_clock_is_corrected_and_reported() {
    for ahead in [20 * MINUTE, -20 * MINUTE] {
        let accepted = Reply::accepted(Service::Swf);
        let server = Server::start([skewed(ahead), accepted.clone(), accepted]).await;
        let taskback = taskback(Route::Swf, &server.url);
        for name in ["first", "second"] {
            let messages = [message(Service::Swf, name)];
            assert!(kept_within(&taskback, &messages, Duration::from_secs(5)).await.is_empty(), "{ahead}");
        }
        let signed: Vec<_> = server.requests().iter().map(signed_ahead).collect();
        // The correction holds for later calls.
        assert!(
            matches!(signed[..], [first, second, third]
            if first.abs() < 10 && (second - ahead).abs() < 10 && (third - ahead).abs() < 10),
            "{signed:?}"
        );
    }
}

#[tokio::test]
async fn heartbeat_with_skewed_clock_is_corrected() {
    let server =
        Server::start([skewed(20 * MINUTE), Reply::http(200, ID, r#"{"cancelRequested":true}"#)]).await;
    let answer = Swf::local(&server.url).heartbeat(&token(Service::Swf, "m"), "").await;
    assert_eq!(answer, HeartbeatStatus::CancelRequested);
}

/// The clock is right, or stays wrong: another request would be refused again.
#[tokio::test]
async fn refusal_is_corrected_once_at_most() {
    assert_eq!(reported(Route::Swf, vec![skewed(MINUTE); 9]).await, (true, 1));
    assert_eq!(reported(Route::Swf, vec![skewed(20 * MINUTE); 9]).await, (true, 2));
}
