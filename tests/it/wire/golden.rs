//! What is sent without the SDK's `send()` is what `send()` sends, to the last byte.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_smithy_async::time::StaticTimeSource;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use taskback::Service;
use taskback::{
    HeartbeatStatus, Outcome, Output, ReportRequest, Reporter, ServiceResponse, Sfn, Swf, TaskToken, aws,
};
use tokio::time::Instant;

use super::ID;
use super::server::{Reply, Request, Server};
use crate::support::token;

/// The services of AWS whose SDK has the calls.
const SERVICES: [Service; 2] = [Service::Swf, Service::Sfn];

/// A request as it was received, with its headers by name, but for its random id.
type Parts = (String, BTreeMap<String, String>, String);

fn parts(request: &Request) -> Parts {
    let lines = request.head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let headers = lines.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    let mut headers: BTreeMap<_, _> = headers.collect();
    // Random, and not signed.
    assert_eq!(headers.remove("amz-sdk-invocation-id").map(|id| id.len()), Some(36));
    (request.line.clone(), headers, request.body.clone())
}

#[tokio::test]
async fn reports_equal_those_of_send() {
    let output = |json: serde_json::Value| Outcome::Succeeded(Output::new(&json).unwrap());
    for outcome in [
        output(serde_json::json!({"card": "**** 1111", "valid": true})),
        output(serde_json::json!("a \"quoted\" text\nwith 卡 and \u{1}\u{7f}\u{2028}</script>")),
        output(serde_json::json!(null)),
        Outcome::failed("CardExpired", "10/24 \\ \t ü"),
        Outcome::failed("CardExpired", ""),
        Outcome::Canceled { details: "half".into() },
        Outcome::Canceled { details: String::new() },
    ] {
        for service in SERVICES {
            let token = token(service, "m");
            let send = async |reporter: &dyn Reporter| {
                let deadline = Instant::now() + Duration::from_secs(10);
                let request = ReportRequest { token: &token, outcome: &outcome, permit: None, deadline };
                let answer = reporter.report(request).await;
                assert!(matches!(answer, ServiceResponse::Accepted { .. }), "{answer:?}");
            };
            same_request(service, "", send).await;
        }
    }
}

#[tokio::test]
async fn heartbeats_equal_those_of_send() {
    for service in SERVICES {
        let token = token(service, "m");
        let answer = if service == Service::Swf { r#"{"cancelRequested":false}"# } else { "{}" };
        for progress in ["", "half \"done\" 卡"] {
            same_request(service, answer, async |reporter: &dyn Reporter| {
                assert_eq!(reporter.heartbeat(&token, progress).await, HeartbeatStatus::Continue);
            })
            .await;
        }
    }
}

/// The endpoint may have a path of its own, and a token any characters.
#[tokio::test]
async fn endpoint_path_and_token_are_kept() {
    for service in SERVICES {
        let token = TaskToken::new(service, "t/+=\\\"é".repeat(100)).unwrap();
        let server = Server::start([Reply::http(200, ID, "{}"), Reply::http(200, ID, "{}")]).await;
        let url = format!("{}/behind/a%20gateway", server.url);
        assert_eq!(signed(service, &url).heartbeat(&token, "").await, HeartbeatStatus::Continue);
        let own = parts(&server.requests()[0]);
        by_send(service, &url, &own).heartbeat(&token, "").await;
        assert_eq!(own, parts(&server.requests()[1]));
        assert!(own.0.starts_with("POST /behind/a%20gateway/ HTTP"), "{}", own.0);
    }
}

/// Sends without `send()`, then with it at the same time: even the signatures are equal.
async fn same_request(service: Service, answer: &str, send: impl AsyncFn(&dyn Reporter)) {
    let server = Server::start([Reply::http(200, ID, answer), Reply::http(200, ID, answer)]).await;
    send(&*signed(service, &server.url)).await;
    let own = parts(&server.requests()[0]);
    send(&*by_send(service, &server.url, &own)).await;
    assert_eq!(own, parts(&server.requests()[1]));
}

/// A reporter that sends without `send()`.
fn signed(service: Service, url: &str) -> Arc<dyn Reporter> {
    if service == Service::Swf { Arc::new(Swf::local(url)) } else { Arc::new(Sfn::local(url)) }
}

/// A reporter that sends with `send()`, at the time of a request.
fn by_send(service: Service, url: &str, (_, headers, _): &Parts) -> Arc<dyn Reporter> {
    let (config, time) = (aws::local(url), StaticTimeSource::new(time(&headers["x-amz-date"])));
    if service == Service::Swf {
        let config = aws_sdk_swf::config::Builder::from(&config).time_source(time);
        Arc::new(Swf::new(aws_sdk_swf::Client::from_conf(config.build())))
    } else {
        let config = aws_sdk_sfn::config::Builder::from(&config).time_source(time);
        Arc::new(Sfn::new(aws_sdk_sfn::Client::from_conf(config.build())))
    }
}

/// The time of `20261127T114248Z`.
fn time(text: &str) -> SystemTime {
    let parts = [&text[..4], "-", &text[4..6], "-", &text[6..11], ":", &text[11..13], ":", &text[13..]];
    DateTime::from_str(&parts.concat(), Format::DateTime).unwrap().try_into().unwrap()
}
