use std::borrow::Cow;

use taskback_core::{DecodeError, MessageFormat, RawTask, TaskToken, printable};

/// The maximum length of a logged message id.
const ID_CHARS: usize = 128;

/// One message of a trigger.
#[derive(Debug, Default)]
pub(crate) struct Delivery<'e> {
    /// The id by which the trigger's response names it; unusable where absent or empty.
    pub(crate) id: Option<String>,
    /// The text that should bring a task; `None` where the record has none that is Unicode text.
    pub(crate) body: Option<Body<'e>>,
    /// The number of deliveries of the message, this one included.
    pub(crate) receive_count: Option<u32>,
    /// The time at which the message was sent, in milliseconds of the epoch, where the queue says it.
    pub(crate) sent: Option<u64>,
    /// Messages of one group are settled in order.
    pub(crate) group: Option<String>,
    /// The queue of the message, to which it can be returned.
    #[cfg_attr(not(feature = "sqs"), allow(dead_code, reason = "only a queue takes messages back"))]
    pub(crate) source: Option<Source>,
}

impl Delivery<'_> {
    /// The id as it may be logged: in some triggers the sender chose it, and may have put anything there.
    pub(crate) fn printable_id(&self, token: Option<&TaskToken>) -> String {
        let id = self.id.as_deref().unwrap_or_default();
        // Any part of a body without a readable token may be one.
        let repeats = || self.body.as_ref().is_some_and(|body| body.0.contains(id));
        match token {
            Some(token) => token.redact_line(id, ID_CHARS),
            None if !id.is_empty() && repeats() => "[part of the body]".to_owned(),
            None => printable(id, ID_CHARS),
        }
    }

    /// The same, borrowing nothing of its event.
    pub(crate) fn into_owned(self) -> Delivery<'static> {
        let body = self.body.map(|body| Body(Cow::Owned(body.0.into_owned())));
        Delivery {
            id: self.id,
            body,
            receive_count: self.receive_count,
            sent: self.sent,
            group: self.group,
            source: self.source,
        }
    }

    /// The task that the message brings.
    pub(crate) fn task(&self, message_format: &MessageFormat) -> Result<RawTask, DecodeError> {
        match &self.body {
            Some(body) => message_format.message(&body.0),
            None => Err(DecodeError::MissingBody),
        }
    }
}

/// The queue of a message.
#[cfg_attr(not(feature = "sqs"), allow(dead_code, reason = "only a queue takes messages back"))]
#[derive(Debug)]
pub(crate) struct Source {
    /// The queue's ARN.
    pub(crate) queue_arn: String,
    /// Names this delivery towards the queue.
    pub(crate) receipt_handle: String,
}

/// A message's text. It holds a token, so `Debug` shows only its length.
pub(crate) struct Body<'e>(pub(crate) Cow<'e, str>);

impl std::fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}
