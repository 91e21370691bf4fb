use std::borrow::Cow;

pub(super) use super::whole::answer;
use super::{EventError, Seen, mns};
use crate::delivery::{Body, Delivery};

/// What an MNS topic hands over: `{"body":…,"attrs":{…}}` (STREAM, with attributes), the message's bare
/// text (STREAM, without), or `{"TopicName":…,"SubscriptionName":…,"MessageId":…,"Message":…}` (JSON; attributes
/// are more members).
///
/// Bare text that is a JSON object cannot be told from a direct invocation, and is one.
pub(super) fn decode<'e>(event: &Seen<'e>) -> Option<Result<Vec<Delivery<'e>>, EventError>> {
    let delivery = match event.text() {
        Some(text) => text_only(text)?,
        None if event.holds_token() => return None,
        None => stream(event).or_else(|| json(event))?,
    };
    Some(Ok(vec![delivery]))
}

fn text_only<'e>(text: &str) -> Option<Delivery<'e>> {
    let text = mns::plain(text.to_owned());
    text.trim_ascii_start().starts_with('{').then(|| of(text))
}

fn stream<'e>(event: &Seen<'e>) -> Option<Delivery<'e>> {
    let attributes = event.member("attrs")?;
    let body = event.member("body")?;
    if !attributes.get().starts_with('{') {
        return None;
    }
    Some(of(event.text_of("body").unwrap_or_else(|| body.get().to_owned())))
}

fn json<'e>(event: &Seen<'e>) -> Option<Delivery<'e>> {
    event.text_of("TopicName")?;
    event.text_of("SubscriptionName")?;
    let message = event.text_of("Message")?;
    Some(Delivery { id: event.text_of("MessageId"), ..of(message) })
}

fn of<'e>(text: String) -> Delivery<'e> {
    Delivery { body: Some(Body(Cow::Owned(mns::plain(text)))), ..Delivery::default() }
}
