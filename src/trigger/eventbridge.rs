use std::borrow::Cow;

use super::contract::{Decoded, Trigger};
use super::raw_event::RawEvent;
use crate::delivery::{Body, Delivery};

/// `{"id":…,"detail-type":…,"detail":{…}}`: the detail is the message.
pub(super) struct EventBridge;

impl Trigger for EventBridge {
    fn decode<'e>(&self, event: &RawEvent<'e>) -> Decoded<'e> {
        let detail = event.member("detail-type").and(event.member("detail"))?;
        if event.holds_token() {
            return None;
        }
        let body = Some(Body(Cow::Borrowed(detail.get())));
        Some(Ok(vec![Delivery { id: event.text_of("id"), body, ..Delivery::default() }]))
    }
}
