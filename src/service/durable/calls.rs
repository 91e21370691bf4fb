//! The requests, byte for byte as the official SDKs send them.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderName;
use http::header::CONTENT_TYPE;
use taskback_core::durable::Report;
use tokio::time::Instant;

use super::endpoint::Endpoint;
use crate::aws::{SignedCalls, Template, Unanswered};
use crate::service::answer::Answer;

/// The three calls. Clones share them.
#[derive(Clone)]
pub(super) struct Calls(Arc<Inner>);

struct Inner {
    calls: SignedCalls,
    endpoint: Endpoint,
}

impl Calls {
    pub(super) fn new(calls: SignedCalls, endpoint: Endpoint) -> Self {
        Self(Arc::new(Inner { calls, endpoint }))
    }

    pub(super) async fn report(&self, id: &str, report: &Report<'_>, deadline: Instant) -> Answer {
        let (call, headers, body) = request(report).ok_or(Unanswered::NotBuilt)?;
        self.send(id, call, headers, body, deadline).await
    }

    pub(super) async fn heartbeat(&self, id: &str, deadline: Instant) -> Answer {
        self.send(id, "heartbeat", &[], Bytes::new(), deadline).await
    }

    async fn send(&self, id: &str, call: &str, headers: Headers, body: Bytes, deadline: Instant) -> Answer {
        let template = template(&self.0.endpoint, id, call, headers).ok_or(Unanswered::NotBuilt)?;
        self.0.calls.send(&template, &body, deadline).await
    }
}

type Headers = &'static [(HeaderName, &'static str)];

const JSON: Headers = &[(CONTENT_TYPE, "application/json")];

/// The last segment of the path, the headers and the body. A result is its bytes, without a type.
fn request(report: &Report<'_>) -> Option<(&'static str, Headers, Bytes)> {
    Some(match report {
        Report::Succeeded { result } => ("succeed", &[], Bytes::copy_from_slice(result.as_bytes())),
        Report::Failed(error) => ("fail", JSON, serde_json::to_vec(error).ok()?.into()),
    })
}

/// The signature encodes the path once more: `%2B` is signed as `%252B`.
fn template(endpoint: &Endpoint, id: &str, call: &str, headers: Headers) -> Option<Template> {
    let url = format!("{}/2025-12-01/durable-execution-callbacks/{}/{call}", endpoint.url, encode(id));
    Template::post(url, headers, endpoint.scope.clone())
}

/// The id as one segment of a path.
fn encode(id: &str) -> String {
    let mut text = String::with_capacity(id.len() * 3 / 2);
    for byte in id.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => text.push(byte.into()),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// Opaque: it holds credentials.
impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Calls")
    }
}

#[cfg(test)]
mod tests;
