//! What is delivered, and what shall become of it.

use serde_json::{Value, json};
use taskback::core::{Fingerprint, Service};
use taskback_local::{Error, Fault, FaultKind, OpenTask, State, TaskState};

/// One message, direct or of the batch.
pub(super) struct Message {
    /// For people.
    pub(super) what: &'static str,
    /// The body; for a batch it travels as text.
    pub(super) body: Value,
    /// The task that it brings; a message without one is kept.
    pub(super) task: Option<Expected>,
    /// Whether the handler kept it; everything is kept until the answer says otherwise.
    pub(super) kept: bool,
}

/// A task and the state in which its service shall have it in the end.
#[derive(Clone, Copy)]
pub(super) struct Expected {
    pub(super) service: Service,
    pub(super) fingerprint: Fingerprint,
    pub(super) state: TaskState,
    /// Told by the end of the execution that it was handed to, and by no report.
    pub(super) handed_over: bool,
}

const SERVICES: [Service; 2] = [Service::Fnf, Service::Swf];
/// Passes the check of the example step.
pub(super) const VALID: &str = "4111 1111 1111 1111";
/// One digit of it is wrong.
const INVALID: &str = "4111 1111 1111 1112";

/// Opens the tasks of the direct events, and orders the faults that their reports meet.
pub(super) fn direct(state: &State) -> Result<Vec<Message>, Error> {
    let mut messages = Vec::new();
    for service in SERVICES {
        messages.push(opened(state, service, "a valid card", VALID, None)?);
        messages.push(opened(state, service, "an invalid card", INVALID, None)?);
        let what = "a valid card; the report's answer is lost";
        messages.push(opened(state, service, what, VALID, Some(FaultKind::LostAck))?);
    }
    messages.push(unreadable("an event without a token", json!({ "cardNumber": VALID })));
    Ok(messages)
}

/// Opens the tasks of the batch, and orders the faults that their reports meet.
pub(super) fn batch(state: &State) -> Result<Vec<Message>, Error> {
    let mut messages = Vec::new();
    for service in SERVICES {
        let first = opened(state, service, "a valid card", VALID, None)?;
        let duplicate = Message { what: "the same message again", body: first.body.clone(), ..first };
        messages.extend([first, duplicate, opened(state, service, "an invalid card", INVALID, None)?]);
    }
    messages.push(unreadable("a body that is no object", json!("card?")));
    // FnF's comes last: its client then slows down for a while, whatever it reports.
    for service in SERVICES.into_iter().rev() {
        let what = "a valid card; its report is throttled";
        messages.push(opened(state, service, what, VALID, Some(FaultKind::Throttle))?);
    }
    Ok(messages)
}

/// Opens a task whose report meets no fault.
pub(super) fn valid(state: &State, service: Service, what: &'static str) -> Result<Message, Error> {
    opened(state, service, what, VALID, None)
}

/// Opens the tasks of the batch whose process is killed.
pub(super) fn killed(state: &State) -> Result<Vec<Message>, Error> {
    let mut messages = Vec::new();
    for service in SERVICES {
        messages.push(opened(
            state,
            service,
            "a valid card; killed between decision and report",
            VALID,
            None,
        )?);
        messages.push(opened(state, service, "an invalid card; killed after the report", INVALID, None)?);
    }
    Ok(messages)
}

/// The event that a queue would send with these messages at their n-th delivery.
pub(super) fn sqs_event(batch: &[Message], delivery: u32) -> Value {
    let record = |(place, message): (usize, &Message)| {
        json!({
            "messageId": id(place),
            "receiptHandle": format!("handle-{place}"),
            "body": message.body.to_string(),
            "attributes": { "ApproximateReceiveCount": delivery.to_string() },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:taskback-demo",
            "awsRegion": "us-east-1",
        })
    };
    json!({ "Records": batch.iter().enumerate().map(record).collect::<Vec<_>>() })
}

/// The message's id in the batch.
pub(super) fn id(place: usize) -> String {
    format!("message-{place}")
}

fn opened(
    state: &State,
    service: Service,
    what: &'static str,
    card: &str,
    fault: Option<FaultKind>,
) -> Result<Message, Error> {
    let input = json!({ "cardNumber": card });
    let task = state.open(OpenTask::new(service).input(input.to_string()))?;
    if let Some(kind) = fault {
        state.inject(Fault::new("*", kind).only(&task.fingerprint))?;
    }
    let expected = Expected {
        service,
        fingerprint: task.token.fingerprint(),
        state: if card == VALID { TaskState::Succeeded } else { TaskState::Failed },
        handed_over: false,
    };
    let body = json!({ "service": service.name(), "taskToken": task.token.expose(), "input": input });
    Ok(Message { what, body, task: Some(expected), kept: true })
}

fn unreadable(what: &'static str, body: Value) -> Message {
    Message { what, body, task: None, kept: true }
}
