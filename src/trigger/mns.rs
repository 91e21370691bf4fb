//! The messages of Alibaba Cloud's MNS: of a queue by way of its EventBridge, of a topic directly, and of failed
//! invocations by way of a failure destination.

mod record;
mod text;

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::contract::{Decoded, Trigger};
use super::error::{EventError, describe_source};
use super::raw_event::RawEvent;
use crate::delivery::{Body, Delivery};
use record::Record;
use text::plain;

/// The messages of a queue: CloudEvents 1.0, an array of them or a single one, each with the text in
/// `data.messageBody`.
pub(super) struct MnsQueue;

/// The message of a topic: `{"body":…,"attrs":{…}}` (STREAM, with attributes), its bare
/// text (STREAM, without), or `{"TopicName":…,"SubscriptionName":…,"MessageId":…,"Message":…}` (JSON; attributes
/// are more members).
///
/// Bare text that is a JSON object has the shape of a direct invocation, and counts as one.
pub(super) struct MnsTopic;

/// The [`Record`] of a failed invocation with messages of MNS, as many as the invocation had. The record of another one
/// is a direct invocation.
pub(super) struct MnsFailed;

const SENT: &str = "mns:Queue:SendMessage";

impl Trigger for MnsQueue {
    fn decode<'e>(&self, event: &RawEvent<'e>) -> Decoded<'e> {
        queue_messages(event, MAX_RECORDS)
    }
}

impl Trigger for MnsTopic {
    fn decode<'e>(&self, event: &RawEvent<'e>) -> Decoded<'e> {
        let delivery = match event.text() {
            Some(text) => text_only(text)?,
            None if event.holds_token() => return None,
            None => stream(event).or_else(|| json(event))?,
        };
        Some(Ok(vec![delivery]))
    }
}

impl Trigger for MnsFailed {
    fn decode<'e>(&self, event: &RawEvent<'e>) -> Decoded<'e> {
        recorded(event.json.get(), MAX_RECORDS).map(Ok)
    }
}

/// The messages of a queue's event, which may be records of failed invocations themselves.
fn queue_messages<'e>(event: &RawEvent<'e>, max_records: u32) -> Decoded<'e> {
    let with_records = |message| with_records(message, max_records);
    let Some(elements) = event.elements() else {
        return is_cloud_event(event).then(|| Ok(with_records(queued(event)?)));
    };
    match elements.first() {
        None => Some(Err(EventError::EmptyBatch)),
        Some(first) if is_cloud_event(&RawEvent::parse(first)) => {
            let messages = elements.iter().map(|element| queued(&RawEvent::parse(element)));
            let messages: Result<Vec<_>, _> = messages.collect();
            Some(messages.map(|messages| messages.into_iter().flat_map(with_records).collect()))
        }
        Some(_) => None,
    }
}

/// The maximum of records around a message: one of the worker's, one of the dead-letter handler's, and one more if
/// that was sent to a queue again.
const MAX_RECORDS: u32 = 3;

/// The messages in the record of a failed invocation; `None` where the text is not one with messages of MNS.
fn recorded<'e>(text: &str, max_records: u32) -> Option<Vec<Delivery<'e>>> {
    let max_records = max_records.checked_sub(1)?;
    let Record { payload, invocations } = Record::parse(text)?;
    let event = RawEvent::parse(&payload);
    let deliveries = match queue_messages(&event, max_records).or_else(|| MnsTopic.decode(&event)) {
        Some(deliveries) => deliveries.ok()?,
        None => recorded(payload.get(), max_records)?,
    };
    // The record itself is one delivery more than the invocations that it counts.
    let receive_count = invocations.map(|count| count.saturating_add(1));
    let owned = deliveries.into_iter().map(|delivery| Delivery {
        receive_count: delivery.receive_count.or(receive_count),
        ..delivery.into_owned()
    });
    Some(owned.collect())
}

/// The messages in the record that a queue's message is, or the message itself.
fn with_records<'e>(message: Delivery<'e>, max_records: u32) -> Vec<Delivery<'e>> {
    let records = message.body.as_ref().and_then(|body| recorded(&body.0, max_records));
    records.unwrap_or_else(|| vec![message])
}

fn is_cloud_event(event: &RawEvent<'_>) -> bool {
    event.member("specversion").and(event.member("type")).is_some() && !event.holds_token()
}

fn queued<'e>(event: &RawEvent<'e>) -> Result<Delivery<'e>, EventError> {
    let kind = event.text_of("type");
    if kind.as_deref() != Some(SENT) {
        return Err(EventError::ForeignSource(describe_source(kind.as_deref())));
    }
    let data = event.member("data").map(RawEvent::parse);
    let id = data.as_ref().and_then(|data| data.text_of("messageId")).or_else(|| event.text_of("id"));
    let body = data.as_ref().and_then(|data| data.member("messageBody"));
    let body = body.map(|body| Body(Cow::Owned(plain(bare_text(body)))));
    Ok(Delivery { id, body, ..Delivery::default() })
}

fn text_only<'e>(text: &str) -> Option<Delivery<'e>> {
    let text = plain(text.to_owned());
    text.trim_ascii_start().starts_with('{').then(|| published(text))
}

fn stream<'e>(event: &RawEvent<'e>) -> Option<Delivery<'e>> {
    let attributes = event.member("attrs")?;
    let body = event.member("body")?;
    if !attributes.get().starts_with('{') {
        return None;
    }
    Some(published(bare_text(body)))
}

fn json<'e>(event: &RawEvent<'e>) -> Option<Delivery<'e>> {
    event.text_of("TopicName")?;
    event.text_of("SubscriptionName")?;
    let message = event.text_of("Message")?;
    Some(Delivery { id: event.text_of("MessageId"), ..published(message) })
}

fn published<'e>(text: String) -> Delivery<'e> {
    Delivery { body: Some(Body(Cow::Owned(plain(text)))), ..Delivery::default() }
}

/// The text of a body that may come as JSON itself.
fn bare_text(body: &RawValue) -> String {
    serde_json::from_str(body.get()).unwrap_or_else(|_| body.get().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record inside a message inside a record, and so on: no more of them are followed than ours can be.
    #[test]
    fn nested_records_are_followed_to_a_limit() {
        let nested = |levels: usize, innermost: &str| {
            let start = r#"{"requestContext":{"approximateInvokeCount":4},"requestPayload":{"specversion":"1.0","type":"mns:Queue:SendMessage","data":{"messageBody":"#;
            format!("{}{innermost}{}", start.repeat(levels), "}}}".repeat(levels))
        };
        let body = r#"{"taskToken":"t","x":1}"#;
        for levels in [1, 3] {
            let deliveries = recorded(&nested(levels, body), MAX_RECORDS).unwrap();
            assert_eq!(deliveries[0].body.as_ref().unwrap().0, body, "{levels}");
            assert_eq!(deliveries[0].receive_count, Some(5));
        }
        // Beyond the limit the record stays the message, which is unreadable.
        for levels in [4, 20_000] {
            let deliveries = recorded(&nested(levels, body), MAX_RECORDS).unwrap();
            assert!(deliveries[0].body.as_ref().unwrap().0.contains("requestContext"), "{levels}");
        }
    }
}
