use std::borrow::Cow;

pub(super) use super::whole::answer;
use super::{EventError, Seen};
use crate::delivery::{Body, Delivery};

/// `{"id":…,"detail-type":…,"detail":{…}}`: the detail is the message.
pub(super) fn decode<'e>(event: &Seen<'e>) -> Option<Result<Vec<Delivery<'e>>, EventError>> {
    let detail = event.member("detail-type").and(event.member("detail"))?;
    if event.holds_token() {
        return None;
    }
    let body = Some(Body(Cow::Borrowed(detail.get())));
    Some(Ok(vec![Delivery { id: event.text_of("id"), body, ..Delivery::default() }]))
}
