use std::borrow::Cow;

use taskback_core::{Reading, Task, Unreadable, unwrapped};

/// One message of a trigger.
#[derive(Debug, Default)]
pub(crate) struct Delivery<'e> {
    /// The id by which the trigger takes its answer; unusable where absent or empty.
    pub(crate) id: Option<String>,
    /// The text that should bring a task; absent where the record has none.
    pub(crate) body: Option<Body<'e>>,
    /// How often the message was delivered, this time included.
    pub(crate) receive_count: Option<u32>,
    /// Messages of one group are settled in order.
    pub(crate) group: Option<String>,
    /// Where the message came from and can be given back to.
    #[cfg_attr(not(feature = "sqs"), allow(dead_code, reason = "only a queue takes messages back"))]
    pub(crate) source: Option<Source>,
}

impl Delivery<'_> {
    /// The task that the message brings.
    pub(crate) fn task(&self, reading: &Reading) -> Result<Task, Unreadable> {
        match &self.body {
            Some(body) => reading.task(&unwrapped(&body.0)),
            None => Err(Unreadable::NotJson),
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

/// A message's text. It holds a token, so that `Debug` shows its length only.
pub(crate) struct Body<'e>(pub(crate) Cow<'e, str>);

impl std::fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}
