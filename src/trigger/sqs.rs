use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::contract::{Decoded, Trigger};
use super::error::{EventError, InvocationError, describe_source};
use super::raw_event::RawEvent;
use crate::delivery::{Body, Delivery, Source};
use crate::response::Response;
use crate::settlement::Settlement;

const SQS: &str = "aws:sqs";
const SOURCE: &str = "eventSource";

/// `{"Records":[…]}`, or the bare list that EventBridge Pipes sends; records of other sources are refused
/// by name.
pub(super) struct Sqs;

impl Trigger for Sqs {
    fn decode<'e>(&self, event: &RawEvent<'e>) -> Decoded<'e> {
        let records = match event.elements() {
            Some(elements) => {
                RawEvent::parse(elements.first()?).member(SOURCE)?;
                elements
            }
            None => event.records()?,
        };
        if records.is_empty() {
            return Some(Err(EventError::EmptyBatch));
        }
        Some(records.iter().map(|record| delivery(record)).collect())
    }

    /// Lists the nacked messages. An id that is absent, empty or unknown would return the whole batch,
    /// so it fails the invocation at once and names the reason.
    fn respond(
        &self,
        deliveries: &[Delivery<'_>],
        settlements: &[Settlement],
    ) -> Result<Response, InvocationError> {
        let mut listed = HashSet::new();
        let mut response = SqsBatchResponse::default();
        for (delivery, settlement) in deliveries.iter().zip(settlements) {
            if !settlement.is_nack() {
                continue;
            }
            let id = delivery.id.as_deref().filter(|id| !id.is_empty());
            let id = id.ok_or(InvocationError::UnusableMessageId)?;
            if listed.insert(id) {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id.to_owned();
                response.batch_item_failures.push(failure);
            }
        }
        Response::new(&response)
    }
}

fn delivery<'e>(record: &RawValue) -> Result<Delivery<'e>, EventError> {
    let record = serde_json::from_str(record.get()).unwrap_or_else(|_| Record::by_member(record));
    let source = record.event_source.as_deref();
    if source != Some(SQS) {
        return Err(EventError::ForeignSource(describe_source(source)));
    }
    let Attributes { approximate_receive_count, message_group_id, sent_timestamp } =
        record.attributes.unwrap_or_default();
    // Standard queues carry group ids too; only the ARN's ending says that order matters.
    let fifo = record.event_source_arn.as_deref().is_some_and(|arn| arn.ends_with(".fifo"));
    Ok(Delivery {
        id: record.message_id,
        receive_count: approximate_receive_count.and_then(|count| count.parse().ok()),
        sent: sent_timestamp.and_then(|Millis(millis)| millis),
        group: fifo.then(|| message_group_id.unwrap_or_default()),
        body: record.body.map(|text| Body(Cow::Owned(text))),
        source: record
            .event_source_arn
            .zip(record.receipt_handle)
            .map(|(queue_arn, receipt_handle)| Source { queue_arn, receipt_handle }),
    })
}

/// The members of a record that are read, in one pass where it is as SQS sends it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: Option<String>,
    receipt_handle: Option<String>,
    body: Option<String>,
    attributes: Option<Attributes>,
    event_source: Option<String>,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    approximate_receive_count: Option<String>,
    message_group_id: Option<String>,
    sent_timestamp: Option<Millis>,
}

impl Record {
    /// Reads each member by itself, so that one of an odd type, with escapes that are not Unicode text, or that
    /// is repeated, affects nothing else.
    fn by_member(record: &RawValue) -> Self {
        let record = RawEvent::parse(record);
        let attributes = record.member("attributes").map(RawEvent::parse).map(|attributes| Attributes {
            approximate_receive_count: attributes.text_of("ApproximateReceiveCount"),
            message_group_id: attributes.text_of("MessageGroupId"),
            sent_timestamp: attributes.text_of("SentTimestamp").map(|millis| Millis(millis.parse().ok())),
        });
        Self {
            message_id: record.text_of("messageId"),
            receipt_handle: record.text_of("receiptHandle"),
            body: record.text_of("body"),
            attributes,
            event_source: record.text_of(SOURCE),
            event_source_arn: record.text_of("eventSourceARN"),
        }
    }
}

/// A number in a text, read without a copy; `None` = another text.
struct Millis(Option<u64>);

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Digits).map(Self)
    }
}

struct Digits;

impl Visitor<'_> for Digits {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Option<u64>, E> {
        Ok(text.parse().ok())
    }
}
