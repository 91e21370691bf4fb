use std::borrow::Cow;
use std::collections::HashSet;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsMessage};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{EventError, InvocationError};
use crate::delivery::{Body, Delivery, Source};
use crate::settlement::Settlement;

const SQS: &str = "aws:sqs";

/// The records of an event that has a list of them, each unread, so that one bad record spoils no
/// other.
pub(super) fn records(event: &RawValue) -> Option<Vec<&RawValue>> {
    #[derive(Deserialize)]
    struct Batch<'e> {
        #[serde(borrow, rename = "Records")]
        records: Vec<&'e RawValue>,
    }
    serde_json::from_str::<Batch<'_>>(event.get()).ok().map(|batch| batch.records)
}

pub(super) fn decode<'e>(records: &[&'e RawValue]) -> Result<Vec<Delivery<'e>>, EventError> {
    if records.is_empty() {
        return Err(EventError::EmptyBatch);
    }
    records.iter().map(|record| delivery(record)).collect()
}

/// Lists what comes back. Every id that is absent, empty or unknown would return the whole batch,
/// so it fails the invocation at once and says why.
pub(super) fn answer(deliveries: &[Delivery<'_>], settlements: &[Settlement]) -> Result<Value, InvocationError> {
    let mut listed = HashSet::new();
    let mut response = SqsBatchResponse::default();
    for (delivery, settlement) in deliveries.iter().zip(settlements) {
        if !settlement.is_kept() {
            continue;
        }
        let id = delivery.id.as_deref().filter(|id| !id.is_empty()).ok_or(InvocationError::UnusableMessageId)?;
        if listed.insert(id) {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id.to_owned();
            response.batch_item_failures.push(failure);
        }
    }
    serde_json::to_value(&response).map_err(|_| InvocationError::UnusableMessageId)
}

fn delivery<'e>(record: &RawValue) -> Result<Delivery<'e>, EventError> {
    let head = Head::of(record);
    if head.event_source.as_deref() != Some(SQS) {
        return Err(EventError::ForeignSource(foreign(head.event_source.as_deref())));
    }
    // A record of ours that cannot be read is one unreadable message, not an unreadable batch.
    let Ok(message) = serde_json::from_str::<SqsMessage>(record.get()) else {
        return Ok(Delivery { id: head.message_id, ..Delivery::default() });
    };
    // Standard queues carry group ids too; only the ARN's ending says that order matters.
    let fifo = message.event_source_arn.as_deref().is_some_and(|arn| arn.ends_with(".fifo"));
    let attribute = |name: &str| message.attributes.get(name);
    Ok(Delivery {
        receive_count: attribute("ApproximateReceiveCount").and_then(|count| count.parse().ok()),
        group: fifo.then(|| attribute("MessageGroupId").cloned().unwrap_or_default()),
        body: message.body.map(|text| Body(Cow::Owned(text))),
        source: message
            .event_source_arn
            .zip(message.receipt_handle)
            .map(|(queue_arn, receipt_handle)| Source { queue_arn, receipt_handle }),
        id: message.message_id,
    })
}

/// The two fields without which a record could not even be given back.
#[derive(Default)]
struct Head {
    message_id: Option<String>,
    event_source: Option<String>,
}

impl Head {
    fn of(record: &RawValue) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Fields {
            message_id: Value,
            event_source: Value,
        }
        let fields: Fields = serde_json::from_str(record.get()).unwrap_or_default();
        let text = |value: Value| match value {
            Value::String(text) => Some(text),
            _ => None,
        };
        Self { message_id: text(fields.message_id), event_source: text(fields.event_source) }
    }
}

/// A source's name is part of an error's text, so only what looks like one is shown.
fn foreign(source: Option<&str>) -> String {
    match source {
        Some(name) if name.len() <= 40 && name.chars().all(|c| c.is_ascii_alphanumeric() || ":._-".contains(c)) => {
            name.to_owned()
        }
        Some(_) => "a source of an unusual name".to_owned(),
        None => "a source without a name".to_owned(),
    }
}
