//! Messages of the local queues on their way to functions: one at a time for each queue, in order.

use std::time::Duration;

use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use taskback::{CommandLine, MessageFormat, Service};
use taskback_local::{Message, SharedState};
use tokio::time::sleep;

use super::function::Function;

/// A queue, and the command of the function that gets its messages.
#[derive(Clone)]
pub(super) struct Delivery {
    pub(super) queue: String,
    pub(super) line: CommandLine,
}

/// The deliveries of a message, after which it is discarded.
const MAX_DELIVERIES: u32 = 5;
/// The time between two looks into an empty queue.
const PAUSE: Duration = Duration::from_millis(100);
/// The maximum length of a printed reason.
const REASON_CHARS: usize = 500;

/// Parses `QUEUE=COMMAND`.
pub(super) fn parse(text: &str) -> Result<Delivery, String> {
    let (queue, command) = text.split_once('=').ok_or("expected QUEUE=COMMAND, such as tasks=./worker")?;
    if queue.is_empty() || queue.len() > 120 {
        return Err("expected the name of a queue, 1 to 120 characters, before the =".to_owned());
    }
    Ok(Delivery { queue: queue.to_owned(), line: CommandLine::parse(command)? })
}

/// Delivers the messages of a queue until this is dropped. A message whose invocation fails is delivered again.
pub(super) async fn pump(state: SharedState, queue: String, mut function: Function) {
    loop {
        match state.receive(&queue, 1).pop() {
            Some(message) => deliver(&queue, &message, &mut function).await,
            None => sleep(PAUSE).await,
        }
    }
}

async fn deliver(queue: &str, message: &Message, function: &mut Function) {
    let event = match event(queue, message) {
        Ok(event) => event,
        Err(error) => return eprintln!("taskback: {queue}: message {}: {error}", message.id),
    };
    for delivery in 1..=MAX_DELIVERIES {
        let Err(reason) = function.invoke(&event).await else { return };
        let reason = redacted(&event, &reason);
        if delivery == MAX_DELIVERIES {
            eprintln!(
                "taskback: {queue}: message {} was delivered {delivery} times and is discarded, its task waits for its timeout: {reason}",
                message.id
            );
            return;
        }
        let wait = Duration::from_secs(1 << (delivery - 1));
        eprintln!(
            "taskback: {queue}: message {} will be delivered again in {} s: {reason}",
            message.id,
            wait.as_secs()
        );
        sleep(wait).await;
    }
}

/// The event by which EventBridge hands a message of MNS to a function.
fn event(queue: &str, message: &Message) -> serde_json::Result<Box<RawValue>> {
    to_raw_value(&json!([{
        "id": message.id,
        "source": format!("MNS-Function-{queue}"),
        "specversion": "1.0",
        "type": "mns:Queue:SendMessage",
        "datacontenttype": "application/json; charset=utf-8",
        "subject": format!("acs:mns:local:local:queues/{queue}"),
        "data": { "messageId": message.id, "messageBody": message.body },
    }]))
}

/// A text of a function without the tokens of its event.
fn redacted(event: &RawValue, text: &str) -> String {
    let format = MessageFormat { service: Some(Service::ALL[0]), ..MessageFormat::default() };
    let tasks = taskback::tasks(event, &format).unwrap_or_default();
    let text = tasks.into_iter().flatten().fold(text.to_owned(), |text, task| task.token.redact_text(&text));
    taskback_core::printable(&text, REASON_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queue_and_command_are_separated_by_the_first_sign() {
        let parsed = parse("tasks=./worker --a=b").unwrap();
        assert!(parsed.queue == "tasks" && parsed.line == CommandLine::parse("./worker --a=b").unwrap());
        for text in ["tasks", "=./worker", "tasks=", &format!("{}=./worker", "q".repeat(121))] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn event_brings_the_task_of_its_message() {
        let body = r#"{"service":"fnf","taskToken":"a-token-that-is-secret","input":{}}"#.to_owned();
        let event = event("tasks", &Message { id: "m1".to_owned(), body }).unwrap();
        let tasks = taskback::tasks(&event, &MessageFormat::default()).unwrap();
        assert_eq!(tasks[0].as_ref().unwrap().token.expose(), "a-token-that-is-secret");
        assert!(!redacted(&event, "no luck with a-token-that-is-secret").contains("secret"));
    }
}
