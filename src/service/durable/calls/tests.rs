use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use http_body_util::BodyExt;
use serde_json::value::RawValue;
use taskback_core::{Outcome, Output, durable};

use super::*;

const ID: &str = "Ab3+/x9/+eyJhcm4iOiJhcm46YXdzIn0+Zz==";
/// 2026-11-27T12:00:00Z.
const NOON: Duration = Duration::from_secs(1_795_780_800);

/// A request as the official SDK for Python sends it: without the headers that differ from call to call.
fn golden(name: &str) -> (String, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/durable").join(name);
    let text = fs::read_to_string(path).unwrap();
    let (head, body) = text.split_once("\n\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// The head of our request with that body, in the form and with the header names of the golden one.
fn head(call: &str, headers: Headers, body: &str, like: &str) -> String {
    head_of(&template(&ireland(), ID, call, headers).unwrap(), body, like)
}

fn ireland() -> Endpoint {
    Endpoint::from_url("https://lambda.eu-west-1.amazonaws.com", "eu-west-1".to_owned()).unwrap()
}

fn head_of(template: &Template, body: &str, like: &str) -> String {
    let keys =
        Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None, None, "test");
    let body = Bytes::copy_from_slice(body.as_bytes());
    let request = template.request(&body, &keys, SystemTime::UNIX_EPOCH + NOON).unwrap();
    let target = request.uri().path_and_query().unwrap();
    let mut text = format!("{} {target} HTTP/1.1", request.method());
    let mut ours: Vec<_> = request.headers().keys().map(|name| name.as_str()).collect();
    ours.retain(|name| !["user-agent", "amz-sdk-invocation-id"].contains(name));
    // The transport adds it.
    ours.push("host");
    for line in like.lines().skip(1) {
        let (name, _) = line.split_once(": ").unwrap();
        let value = match name {
            "host" => request.uri().host(),
            name => request.headers().get(name).map(|value| value.to_str().unwrap()),
        };
        text.push_str(&format!("\n{name}: {}", value.unwrap_or_default()));
        ours.retain(|known| *known != name);
    }
    assert_eq!(ours, [""; 0], "headers that the SDK does not send");
    text
}

fn built(outcome: &Outcome) -> (&'static str, Headers, String) {
    let report = durable::report(outcome).unwrap();
    let (call, headers, body) = request(&report).unwrap();
    (call, headers, String::from_utf8(body.to_vec()).unwrap())
}

#[test]
fn success_equals_the_official_sdk() {
    let (expected, body) = golden("succeed.http");
    let output = Output::from_raw(RawValue::from_string(body.clone()).unwrap());
    let (call, headers, ours) = built(&Outcome::Succeeded(output));
    assert_eq!(ours, body);
    assert_eq!(head(call, headers, &body, &expected), expected);
    let (expected, body) = golden("succeed-empty.http");
    assert_eq!(head(call, headers, &body, &expected), expected);
}

/// The SDK for Python writes JSON with spaces and escapes, so the bodies are compared as values, and the signatures over
/// its body.
#[test]
fn failure_equals_the_official_sdk() {
    let (expected, body) = golden("fail.http");
    let (call, headers, ours) = built(&Outcome::failed("CardDeclined", "\"no\" \u{e9}"));
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(value(&ours), value(&body));
    assert_eq!(head(call, headers, &body, &expected), expected);
}

#[test]
fn heartbeat_equals_the_official_sdk() {
    let (expected, body) = golden("heartbeat.http");
    assert_eq!(head("heartbeat", &[], &body, &expected), expected);
}

#[test]
fn history_equals_the_official_sdk() {
    let (expected, body) = golden("history.http");
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders:1/durable-execution/order-7/0f1e";
    let template = history(&ireland(), arn, Some("a b+c/d=")).unwrap();
    assert_eq!(head_of(&template, &body, &expected), expected);
}

#[tokio::test]
async fn body_is_sent_as_it_is() {
    let endpoint = Endpoint::from_url("http://127.0.0.1:9", "eu-west-1".to_owned()).unwrap();
    let template = template(&endpoint, "a+/=", "succeed", &[]).unwrap();
    let keys = Credentials::new("a", "b", None, None, "test");
    let body = Bytes::from_static(b"{\"n\":1.0}");
    let request = template.request(&body, &keys, SystemTime::UNIX_EPOCH + NOON).unwrap();
    assert_eq!(request.uri().path(), "/2025-12-01/durable-execution-callbacks/a%2B%2F%3D/succeed");
    assert_eq!(request.into_body().collect().await.unwrap().to_bytes(), body);
}
