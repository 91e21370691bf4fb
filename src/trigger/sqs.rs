use std::borrow::Cow;
use std::collections::HashSet;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{EventError, InvocationError, Seen, foreign};
use crate::delivery::{Body, Delivery, Source};
use crate::settlement::Settlement;

const SQS: &str = "aws:sqs";

/// Any list of records; those of other sources are refused by name.
pub(super) fn decode<'e>(event: &Seen<'e>) -> Option<Result<Vec<Delivery<'e>>, EventError>> {
    let records = event.records()?;
    if records.is_empty() {
        return Some(Err(EventError::EmptyBatch));
    }
    Some(records.iter().map(|record| delivery(record)).collect())
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
    let record: Record = serde_json::from_str(record.get()).unwrap_or_default();
    let source = record.event_source.as_str();
    if source != Some(SQS) {
        return Err(EventError::ForeignSource(foreign(source)));
    }
    let arn = text(record.event_source_arn);
    // Standard queues carry group ids too; only the ARN's ending says that order matters.
    let fifo = arn.as_deref().is_some_and(|arn| arn.ends_with(".fifo"));
    let receive_count = record.attributes["ApproximateReceiveCount"].as_str();
    Ok(Delivery {
        id: text(record.message_id),
        receive_count: receive_count.and_then(|count| count.parse().ok()),
        group: fifo.then(|| record.attributes["MessageGroupId"].as_str().unwrap_or_default().to_owned()),
        body: text(record.body).map(|text| Body(Cow::Owned(text))),
        source: arn
            .zip(text(record.receipt_handle))
            .map(|(queue_arn, receipt_handle)| Source { queue_arn, receipt_handle }),
    })
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// What is used of a record. Each member is read by itself, so that one of an odd type, or an odd
/// message attribute, takes nothing else with it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Record {
    message_id: Value,
    receipt_handle: Value,
    body: Value,
    event_source: Value,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: Value,
    attributes: Value,
}
