//! One task through every other door: the events of triggers that know no partial answer.

use std::error::Error;

use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use taskback::Taskback;
use taskback::core::Service;
use taskback_local::State;

use super::TIMEOUT;
use super::messages::{self, Message};

/// What a trigger makes of a message.
type Event = fn(&Value) -> Value;

const DOORS: [(&str, Service, Event); 5] = [
    ("a valid card by SNS", Service::Swf, sns),
    ("a valid card by EventBridge", Service::Swf, eventbridge),
    ("a valid card by an MNS topic, as text", Service::Fnf, mns_stream),
    ("a valid card by an MNS topic, as JSON", Service::Fnf, mns_json),
    ("a valid card by an MNS queue", Service::Fnf, mns_queue),
];

/// Opens a task for each door.
pub(super) fn messages(state: &State) -> Result<Vec<Message>, taskback_local::Error> {
    DOORS.iter().map(|(what, service, _)| messages::valid(state, *service, what)).collect()
}

/// Delivers each message in an event of its own.
pub(super) async fn deliver(taskback: &Taskback, messages: &mut [Message]) -> Result<(), Box<dyn Error>> {
    for (message, (_, _, event)) in messages.iter_mut().zip(DOORS) {
        message.kept = taskback.handle(&to_raw_value(&event(&message.body))?, TIMEOUT).await.is_err();
    }
    Ok(())
}

fn sns(body: &Value) -> Value {
    let notification = json!({ "Type": "Notification", "MessageId": "demo", "Message": body.to_string() });
    json!({ "Records": [{ "EventSource": "aws:sns", "EventVersion": "1.0", "Sns": notification }] })
}

fn eventbridge(body: &Value) -> Value {
    json!({ "version": "0", "id": "demo", "source": "taskback.demo", "detail-type": "Task", "detail": body })
}

fn mns_stream(body: &Value) -> Value {
    json!({ "body": body.to_string(), "attrs": {} })
}

fn mns_json(body: &Value) -> Value {
    json!({ "TopicName": "demo", "SubscriptionName": "demo", "MessageId": "demo", "Message": body.to_string() })
}

fn mns_queue(body: &Value) -> Value {
    let data = json!({ "messageId": "demo", "messageBody": body.to_string() });
    json!([{ "specversion": "1.0", "id": "demo", "type": "mns:Queue:SendMessage", "data": data }])
}
