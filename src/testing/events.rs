use std::fmt;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

/// One message of an SQS event.
#[derive(Clone)]
pub struct Message {
    id: String,
    body: String,
    receive_count: u32,
    group: Option<String>,
}

impl Message {
    /// A first delivery from a standard queue.
    pub fn new(id: impl Into<String>, body: impl Into<String>) -> Self {
        Self { id: id.into(), body: body.into(), receive_count: 1, group: None }
    }

    /// The number of times that it was received, this one included.
    pub fn received(mut self, times: u32) -> Self {
        self.receive_count = times;
        self
    }

    /// The group in a FIFO queue, which the whole event then comes from.
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    fn record(&self, fifo: bool) -> Value {
        let queue = if fifo { "tasks.fifo" } else { "tasks" };
        let mut attributes = json!({"ApproximateReceiveCount": self.receive_count.to_string()});
        if let Some(group) = &self.group {
            attributes["MessageGroupId"] = json!(group);
        }
        json!({
            "messageId": self.id,
            "receiptHandle": format!("handle-{}", self.id),
            "body": self.body,
            "attributes": attributes,
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:us-east-1:123456789012:{queue}"),
            "awsRegion": "us-east-1"
        })
    }
}

/// Never shows the body: it holds a token, which may be a real one.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The event in which Lambda passes these messages.
///
/// ```
/// use taskback::testing::{Message, sqs_event};
///
/// let event = sqs_event(&[Message::new("m1", "{}"), Message::new("m2", "{}").received(5)]);
/// assert!(event.get().starts_with(r#"{"Records":["#));
/// ```
pub fn sqs_event(messages: &[Message]) -> Box<RawValue> {
    let fifo = messages.iter().any(|message| message.group.is_some());
    raw(&json!({"Records": messages.iter().map(|message| message.record(fifo)).collect::<Vec<_>>()}))
}

/// A direct invocation with that body, which must be JSON; otherwise it is null.
///
/// ```
/// use taskback::testing::direct_event;
///
/// let event = direct_event(r#"{"service": "fnf", "taskToken": "the-token", "input": {}}"#);
/// assert!(event.get().contains("the-token"));
/// ```
pub fn direct_event(body: &str) -> Box<RawValue> {
    RawValue::from_string(body.to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

fn raw(value: &Value) -> Box<RawValue> {
    to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
