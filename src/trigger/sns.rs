use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

pub(super) use super::whole::answer;
use super::{EventError, Seen, foreign};
use crate::delivery::{Body, Delivery};

const SNS: &str = "aws:sns";

/// `{"Records":[{"EventSource":"aws:sns","Sns":{"MessageId":…,"Message":…}}]}`
pub(super) fn decode<'e>(event: &Seen<'e>) -> Option<Result<Vec<Delivery<'e>>, EventError>> {
    let records = event.records()?;
    if Record::of(records.first()?).source() != Some(SNS) {
        return None;
    }
    Some(records.iter().map(|record| delivery(record)).collect())
}

fn delivery<'e>(record: &RawValue) -> Result<Delivery<'e>, EventError> {
    let record = Record::of(record);
    if record.source() != Some(SNS) {
        return Err(EventError::ForeignSource(foreign(record.source())));
    }
    let text = |name: &str| record.sns[name].as_str().map(str::to_owned);
    Ok(Delivery {
        id: text("MessageId"),
        body: text("Message").map(|text| Body(Cow::Owned(text))),
        ..Delivery::default()
    })
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Record {
    event_source: Value,
    sns: Value,
}

impl Record {
    fn of(record: &RawValue) -> Self {
        serde_json::from_str(record.get()).unwrap_or_default()
    }

    fn source(&self) -> Option<&str> {
        self.event_source.as_str()
    }
}
