use std::borrow::Cow;

use serde_json::value::RawValue;

pub(super) use super::whole::answer;
use super::{EventError, Seen, foreign, mns};
use crate::delivery::{Body, Delivery};

const SENT: &str = "mns:Queue:SendMessage";

/// The messages of an MNS queue by way of Alibaba Cloud's EventBridge: CloudEvents 1.0, an array of them or
/// a single one, each with the text in `data.messageBody`.
pub(super) fn decode<'e>(event: &Seen<'e>) -> Option<Result<Vec<Delivery<'e>>, EventError>> {
    let Some(elements) = event.elements() else {
        return is_cloud_event(event).then(|| Ok(vec![delivery(event)?]));
    };
    match elements.first() {
        None => Some(Err(EventError::EmptyBatch)),
        Some(first) if is_cloud_event(&Seen::of(first)) => {
            Some(elements.iter().map(|element| delivery(&Seen::of(element))).collect())
        }
        Some(_) => None,
    }
}

fn is_cloud_event(event: &Seen<'_>) -> bool {
    event.member("specversion").and(event.member("type")).is_some() && !event.holds_token()
}

fn delivery<'e>(event: &Seen<'e>) -> Result<Delivery<'e>, EventError> {
    let kind = event.text_of("type");
    if kind.as_deref() != Some(SENT) {
        return Err(EventError::ForeignSource(foreign(kind.as_deref())));
    }
    let data = event.member("data").map(Seen::of);
    let member = |name: &str| data.as_ref().and_then(|data| data.member(name));
    let id = data.as_ref().and_then(|data| data.text_of("messageId")).or_else(|| event.text_of("id"));
    let body = member("messageBody").map(|body| Body(Cow::Owned(mns::plain(text(body)))));
    Ok(Delivery { id, body, ..Delivery::default() })
}

/// A body that is JSON may come as such.
fn text(body: &RawValue) -> String {
    serde_json::from_str(body.get()).unwrap_or_else(|_| body.get().to_owned())
}
