//! The requests, byte for byte as the official SDKs send them.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, Method};
use taskback_core::durable::Report;
use tokio::time::Instant;

use super::endpoint::Endpoint;
use crate::aws::{SignedCalls, Template, Unanswered};
use crate::service::answer::Answer;

/// The calls. Clones share them.
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

    /// A page of an execution's history with the data of its events, newest first.
    pub(super) async fn history(&self, arn: &str, marker: Option<&str>, deadline: Instant) -> Answer {
        let template = history(&self.0.endpoint, arn, marker).ok_or(Unanswered::NotBuilt)?;
        self.0.calls.send(&template, &Bytes::new(), deadline).await
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
    Template::new(Method::POST, url, headers, endpoint.scope.clone())
}

/// The events of one page: each may have 256 KiB, and a function has little memory.
const PAGE: u32 = 40;

fn history(endpoint: &Endpoint, arn: &str, marker: Option<&str>) -> Option<Template> {
    let marker = marker.map(|marker| format!("&Marker={}", encode(marker))).unwrap_or_default();
    let url = format!(
        "{}/2025-12-01/durable-executions/{}/history?IncludeExecutionData=true&MaxItems={PAGE}{marker}&ReverseOrder=true",
        endpoint.url,
        encode(arn)
    );
    Template::new(Method::GET, url, &[], endpoint.scope.clone())
}

/// A text as one segment of a path, or as a value of the query.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 3 / 2);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(byte.into()),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// Opaque: it holds credentials.
impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Calls")
    }
}

#[cfg(test)]
mod tests;
