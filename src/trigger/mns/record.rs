use serde_json::value::RawValue;
use taskback_core::Members;

use super::text::plain;

/// The record of an asynchronous invocation that failed for good, which Function Compute sends to the failure
/// destination: `{"requestContext":{"approximateInvokeCount":…,…},"requestPayload":…,…}`. The payload is the event,
/// mostly as text.
pub(super) struct Record {
    /// The event of the failed invocation.
    pub(super) payload: Box<RawValue>,
    /// The number of times that it was invoked.
    pub(super) invocations: Option<u32>,
}

impl Record {
    /// Reads the record; `None` where the text is not one, or holds a task's token itself.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let record = Members::parse(text).filter(|record| !record.holds_token())?;
        let context = Members::of(record.get("requestContext")?)?;
        let payload = match record.text("requestPayload") {
            Some(text) => RawValue::from_string(plain(text)).ok()?,
            None => record.get("requestPayload")?.to_owned(),
        };
        let count = context.get("approximateInvokeCount");
        Some(Self { payload, invocations: count.and_then(|count| count.get().parse().ok()) })
    }
}
