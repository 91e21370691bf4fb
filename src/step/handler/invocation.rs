//! A task as the invocation of a handler.

use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body_util::Full;
use serde_json::json;
use serde_json::value::RawValue;

use crate::invocation::HostInvocation;
use crate::step::external::TaskMetadata;
use crate::step::task::Task;

/// One invocation of a child.
#[derive(Debug)]
pub(super) struct Invocation {
    /// The request id that handlers see and log.
    pub(super) id: String,
    /// Unique to this run; newer clients send it back with their answer.
    pub(super) invocation_id: String,
    /// In milliseconds of the epoch.
    pub(super) deadline_ms: u128,
    pub(super) function_arn: Option<String>,
    pub(super) trace: Option<String>,
    /// JSON in ASCII.
    pub(super) client_context: String,
    pub(super) event: Bytes,
}

/// As good as for ever.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

impl Invocation {
    /// The task's input as the event. Facts of the task are in the client context; the token is nowhere.
    pub(super) fn from_task(task: &Task<Box<RawValue>>, time: Duration, host: HostInvocation) -> Self {
        let metadata = TaskMetadata::from_task(task);
        let facts = [
            ("taskback.fingerprint", Some(metadata.fingerprint.clone())),
            ("taskback.service", Some(metadata.service.to_owned())),
            ("taskback.attempt", metadata.attempt),
            ("taskback.businessKey", metadata.business_key),
            ("taskback.activityType", metadata.activity_type),
        ];
        let custom: serde_json::Map<_, _> =
            facts.into_iter().filter_map(|(name, fact)| Some((name.to_owned(), fact?.into()))).collect();
        let event = Bytes::copy_from_slice(task.input.get().as_bytes());
        let HostInvocation { id, function_arn, trace } = host;
        Self {
            id: request_id(id.as_deref(), &metadata.fingerprint),
            function_arn,
            trace,
            client_context: ascii(&json!({ "custom": custom }).to_string()),
            ..Self::new(event, time)
        }
    }

    /// An invocation with that event, which is JSON.
    pub(super) fn new(event: Bytes, time: Duration) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // Clients read an integer of 64 bits.
        let deadline = now + time.min(CENTURY);
        Self {
            id: request_id(None, &format!("{:016x}", fastrand::u64(..))),
            invocation_id: format!("{:032x}", fastrand::u128(..)),
            deadline_ms: deadline.as_millis(),
            function_arn: None,
            trace: None,
            client_context: "{}".to_owned(),
            event,
        }
    }

    /// The response to the child's request. Python and Ruby read the event only under exactly this content type.
    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let Self { id, invocation_id, deadline_ms, function_arn, trace, client_context, event } = self;
        let mut response = Response::new(Full::new(event));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in [
            ("lambda-runtime-aws-request-id", Some(id)),
            ("lambda-runtime-invocation-id", Some(invocation_id)),
            ("lambda-runtime-deadline-ms", Some(deadline_ms.to_string())),
            ("lambda-runtime-invoked-function-arn", Some(function_arn.unwrap_or_else(arn))),
            ("lambda-runtime-trace-id", trace),
            ("lambda-runtime-client-context", Some(client_context)),
        ] {
            if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// The host's request id, or else a new UUID, with the beginning of the fingerprint at its end: it is found in the logs of
/// both the host and taskback.
fn request_id(host: Option<&str>, fingerprint: &str) -> String {
    let start = match host {
        Some(id) if is_uuid(id) => id[..24].to_owned(),
        _ => {
            let random = format!("{:020x}", fastrand::u128(..) & ((1 << 80) - 1));
            let (a, b, c, d) = (&random[..8], &random[8..12], &random[12..16], &random[16..20]);
            format!("{a}-{b}-{c}-{d}-")
        }
    };
    start + fingerprint.get(..12).unwrap_or_default()
}

fn is_uuid(id: &str) -> bool {
    let is_part = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    id.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && id.split('-').all(is_part)
}

/// Clients expect an ARN; where no host gives one it names no account.
fn arn() -> String {
    "arn:aws:lambda:local:000000000000:function:taskback".to_owned()
}

/// JSON with every other character escaped: headers are ASCII.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() && c != '\x7f' {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endless_time_has_a_deadline() {
        let deadline = Invocation::new(Bytes::new(), Duration::MAX).deadline_ms;
        assert!(deadline > CENTURY.as_millis() && i64::try_from(deadline).is_ok());
    }

    #[test]
    fn client_context_is_ascii_json() {
        let text = "é\u{7f}\n\"🦀\" Ω";
        let written = ascii(&json!({ "a": text }).to_string());
        assert!(written.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{written}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap()["a"], text);
    }

    #[test]
    fn request_id_is_a_uuid_of_host_and_task() {
        let fingerprint = "0123456789abcdef";
        let host = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
        let (one, two) = (request_id(None, fingerprint), request_id(Some("no-uuid"), fingerprint));
        assert_ne!(one, two);
        let three = request_id(Some(host), fingerprint);
        assert_eq!(three, "8476a536-e9f4-11e8-9739-0123456789ab");
        for id in [one, two, three] {
            let lengths: Vec<_> = id.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
            assert!(id.ends_with("-0123456789ab"), "{id}");
        }
    }
}
