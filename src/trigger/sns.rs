use std::borrow::Cow;

use serde_json::value::RawValue;

use super::contract::{Decoded, Trigger};
use super::error::{EventError, describe_source};
use super::raw_event::RawEvent;
use crate::delivery::{Body, Delivery};

const SOURCE: &str = "aws:sns";

/// `{"Records":[{"EventSource":"aws:sns","Sns":{"MessageId":…,"Message":…}}]}`
pub(super) struct Sns;

impl Trigger for Sns {
    fn decode<'e>(&self, event: &RawEvent<'e>) -> Decoded<'e> {
        let records = event.records()?;
        if RawEvent::parse(records.first()?).text_of("EventSource").as_deref() != Some(SOURCE) {
            return None;
        }
        Some(records.iter().map(|record| delivery(record)).collect())
    }
}

fn delivery<'e>(record: &RawValue) -> Result<Delivery<'e>, EventError> {
    let record = RawEvent::parse(record);
    let source = record.text_of("EventSource");
    if source.as_deref() != Some(SOURCE) {
        return Err(EventError::ForeignSource(describe_source(source.as_deref())));
    }
    let notification = record.member("Sns").map(RawEvent::parse);
    let text = |name: &str| notification.as_ref()?.text_of(name);
    Ok(Delivery {
        id: text("MessageId"),
        body: text("Message").map(|text| Body(Cow::Owned(text))),
        ..Delivery::default()
    })
}
