//! One task through each trigger without partial responses.

use std::error::Error;

use serde_json::{Value, json};
use taskback::{Service, Taskback};
use taskback_local::SharedState;

use super::delivery::{self, Reasons};
use super::messages::{self, Message};

/// Builds a trigger's event for a message body.
type BuildEvent = fn(&Value) -> Value;

const TRIGGERS: [(&str, Service, BuildEvent); 5] = [
    ("a valid card by SNS", Service::Swf, sns),
    ("a valid card by EventBridge", Service::Swf, eventbridge),
    ("a valid card by an MNS topic, as text", Service::Fnf, mns_stream),
    ("a valid card by an MNS topic, as JSON", Service::Fnf, mns_json),
    ("a valid card by an MNS queue", Service::Fnf, mns_queue),
];

/// Opens a task for each trigger.
pub(super) fn messages(state: &SharedState) -> Result<Vec<Message>, taskback_local::AdminError> {
    TRIGGERS.iter().map(|(what, service, _)| messages::valid(state, *service, what)).collect()
}

/// Delivers each message in an event of its own.
pub(super) async fn deliver(
    taskback: &Taskback,
    reasons: &Reasons,
    messages: &mut [Message],
) -> Result<(), Box<dyn Error>> {
    for (message, (_, _, build_event)) in messages.iter_mut().zip(TRIGGERS) {
        let event = build_event(&message.body);
        delivery::deliver(taskback, reasons, message, &event).await?;
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
