//! The messages of the demo, each with its expected result.

use serde_json::{Value, json};
use taskback::{Fingerprint, Service};
use taskback_local::{AdminError, Fault, FaultKind, OpenTask, SharedState, TaskState};

/// One message, direct or of a batch.
pub(super) struct Message {
    /// Shown in the table.
    pub(super) description: &'static str,
    /// The body; in a batch it is sent as text.
    pub(super) body: Value,
    /// The task that it contains. A message without a task must be nacked.
    pub(super) task: Option<ExpectedTask>,
    /// True if the handler nacked it. Every message is nacked until a response acknowledges it.
    pub(super) nacked: bool,
    /// The reason, where the handler gave one.
    pub(super) reason: Option<String>,
}

/// A task with its expected final state at the service.
#[derive(Clone, Copy)]
pub(super) struct ExpectedTask {
    pub(super) service: Service,
    pub(super) fingerprint: Fingerprint,
    pub(super) state: TaskState,
    /// True if the execution that the task was delegated to reports it, and the handler does not.
    pub(super) is_delegated: bool,
}

/// A card that the example step accepts.
pub(super) const VALID: &str = "4111 1111 1111 1111";
/// A card with one wrong digit.
const INVALID: &str = "4111 1111 1111 1112";

/// Opens the tasks of the direct events and injects faults into their reports.
pub(super) fn direct(state: &SharedState) -> Result<Vec<Message>, AdminError> {
    let mut messages = Vec::new();
    for service in Service::ALL {
        messages.push(open(state, service, "a valid card", VALID, None)?);
        messages.push(open(state, service, "an invalid card", INVALID, None)?);
        let description = "a valid card; the response to its report is lost";
        messages.push(open(state, service, description, VALID, Some(FaultKind::LostAck))?);
    }
    messages.push(unreadable("an event without a token", json!({ "cardNumber": VALID })));
    Ok(messages)
}

/// Opens the tasks of the batch and injects faults into their reports.
pub(super) fn batch(state: &SharedState) -> Result<Vec<Message>, AdminError> {
    let mut messages = Vec::new();
    for service in Service::ALL {
        let first = open(state, service, "a valid card", VALID, None)?;
        let duplicate = Message {
            description: "the same message again",
            body: first.body.clone(),
            reason: None,
            ..first
        };
        messages.extend([first, duplicate, open(state, service, "an invalid card", INVALID, None)?]);
    }
    messages.push(unreadable("a body that is not an object", json!("card?")));
    // FnF comes last: after a throttled report its client slows down all reports for a while.
    for service in Service::ALL.into_iter().rev() {
        let description = "a valid card; its report is throttled";
        messages.push(open(state, service, description, VALID, Some(FaultKind::Throttle))?);
    }
    Ok(messages)
}

/// Opens a task without faults.
pub(super) fn valid(
    state: &SharedState,
    service: Service,
    description: &'static str,
) -> Result<Message, AdminError> {
    open(state, service, description, VALID, None)
}

/// Opens the tasks of the batch whose process crashes.
pub(super) fn crash(state: &SharedState) -> Result<Vec<Message>, AdminError> {
    let mut messages = Vec::new();
    for service in Service::ALL {
        messages.push(open(state, service, "a valid card; crash between decision and report", VALID, None)?);
        messages.push(open(state, service, "an invalid card; crash after the report", INVALID, None)?);
    }
    Ok(messages)
}

/// The event of an SQS queue with these messages.
pub(super) fn sqs_event(batch: &[Message], receive_count: u32) -> Value {
    let record = |(index, message): (usize, &Message)| {
        json!({
            "messageId": id(index),
            "receiptHandle": format!("handle-{index}"),
            "body": message.body.to_string(),
            "attributes": { "ApproximateReceiveCount": receive_count.to_string() },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:taskback-demo",
            "awsRegion": "us-east-1",
        })
    };
    json!({ "Records": batch.iter().enumerate().map(record).collect::<Vec<_>>() })
}

/// The id of a message in the batch.
pub(super) fn id(index: usize) -> String {
    format!("message-{index}")
}

fn open(
    state: &SharedState,
    service: Service,
    description: &'static str,
    card: &str,
    fault: Option<FaultKind>,
) -> Result<Message, AdminError> {
    let input = json!({ "cardNumber": card });
    let task = state.open(OpenTask::new(service).input(input.to_string()))?;
    if let Some(kind) = fault {
        state.inject(Fault::new("*", kind).for_task(&task.fingerprint))?;
    }
    let expected = ExpectedTask {
        service,
        fingerprint: task.token.fingerprint(),
        state: if card == VALID { TaskState::Succeeded } else { TaskState::Failed },
        is_delegated: false,
    };
    let body = json!({ "service": service.name(), "taskToken": task.token.expose(), "input": input });
    Ok(Message { description, body, task: Some(expected), nacked: true, reason: None })
}

fn unreadable(description: &'static str, body: Value) -> Message {
    Message { description, body, task: None, nacked: true, reason: None }
}
