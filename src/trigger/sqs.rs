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
pub(super) fn answer<D>(
    deliveries: &[Delivery<'_>],
    settlements: &[Settlement<D>],
) -> Result<Value, InvocationError> {
    let mut listed = HashSet::new();
    let mut response = SqsBatchResponse::default();
    for (delivery, settlement) in deliveries.iter().zip(settlements) {
        if !settlement.is_kept() {
            continue;
        }
        let id =
            delivery.id.as_deref().filter(|id| !id.is_empty()).ok_or(InvocationError::UnusableMessageId)?;
        if listed.insert(id) {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id.to_owned();
            response.batch_item_failures.push(failure);
        }
    }
    serde_json::to_value(&response).map_err(|_| InvocationError::UnusableMessageId)
}

fn delivery<'e>(record: &RawValue) -> Result<Delivery<'e>, EventError> {
    let head: Head = serde_json::from_str(record.get()).unwrap_or_default();
    let source = head.event_source.as_str();
    if source != Some(SQS) {
        return Err(EventError::ForeignSource(foreign(source)));
    }
    // A record of ours that cannot be read is one unreadable message, not an unreadable batch.
    let message: SqsMessage = serde_json::from_str(record.get()).unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let arn = text(&head.event_source_arn);
    // Standard queues carry group ids too; only the ARN's ending says that order matters.
    let fifo = arn.as_deref().is_some_and(|arn| arn.ends_with(".fifo"));
    let receive_count = head.attributes["ApproximateReceiveCount"].as_str();
    Ok(Delivery {
        id: text(&head.message_id),
        receive_count: receive_count.and_then(|count| count.parse().ok()),
        group: fifo.then(|| text(&head.attributes["MessageGroupId"]).unwrap_or_default()),
        body: message.body.map(|text| Body(Cow::Owned(text))),
        source: arn
            .zip(message.receipt_handle)
            .map(|(queue_arn, receipt_handle)| Source { queue_arn, receipt_handle }),
    })
}

/// What a record must say to be given back and to hold its group's order, whatever else of it
/// cannot be read.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Head {
    message_id: Value,
    event_source: Value,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: Value,
    attributes: Value,
}

/// A source's name is part of an error's text, so only what looks like one is shown.
fn foreign(source: Option<&str>) -> String {
    match source {
        Some(name)
            if name.len() <= 40 && name.chars().all(|c| c.is_ascii_alphanumeric() || ":._-".contains(c)) =>
        {
            name.to_owned()
        }
        Some(_) => "a source of an unusual name".to_owned(),
        None => "a source without a name".to_owned(),
    }
}
