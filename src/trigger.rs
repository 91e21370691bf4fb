//! The ways in which an event reaches a function: one file each, from bytes to deliveries and from
//! settlements to the response.

mod contract;
mod direct;
pub(crate) mod error;
mod eventbridge;
mod mns;
mod raw_event;
mod sns;
mod sqs;

use serde_json::value::RawValue;
use taskback_core::{DecodeError, MessageFormat, RawTask};

use crate::delivery::Delivery;
use crate::response::Response;
use crate::settlement::Settlement;
use contract::Trigger;
use raw_event::RawEvent;

pub use error::{EventError, InvocationError};

/// The triggers, in the order in which they are asked for an event.
const TRIGGERS: &[&dyn Trigger] = &[
    &sns::Sns,
    &sqs::Sqs,
    &eventbridge::EventBridge,
    &mns::MnsQueue,
    &mns::MnsTopic,
    &mns::MnsFailed,
    &direct::Direct,
];

/// An event of a known trigger, with its deliveries.
pub(crate) struct Event<'e> {
    trigger: &'static dyn Trigger,
    deliveries: Vec<Delivery<'e>>,
}

impl<'e> Event<'e> {
    /// Finds the trigger of an event by its shape. An event that matches no trigger is an error and never
    /// counts as an empty batch.
    pub(crate) fn decode(event: &'e RawValue) -> Result<Self, EventError> {
        let raw_event = RawEvent::parse(event);
        for &trigger in TRIGGERS {
            if let Some(deliveries) = trigger.decode(&raw_event) {
                return Ok(Self { trigger, deliveries: deliveries? });
            }
        }
        Err(EventError::UnknownEvent(format!("{} instead of an object", raw_event.name())))
    }

    pub(crate) fn deliveries(&self) -> &[Delivery<'e>] {
        &self.deliveries
    }

    /// Whether the response holds the outcomes, and not only the messages without one.
    pub(crate) fn wants_outcomes(&self) -> bool {
        self.trigger.wants_outcomes()
    }

    /// The response to the settlements, one for each delivery and in their order.
    pub(crate) fn respond(&self, settlements: &[Settlement]) -> Result<Response, InvocationError> {
        self.trigger.respond(&self.deliveries, settlements)
    }
}

/// The tasks that an event brings, one for each delivery, as a handler would run them: for tools that
/// inspect events.
///
/// ```
/// use serde_json::value::RawValue;
/// use taskback::{MessageFormat, Service};
///
/// let event: &RawValue = serde_json::from_str(r#"{"service": "swf", "taskToken": "the-token", "input": 21}"#)?;
/// let tasks = taskback::tasks(event, &MessageFormat::default())?;
/// let task = tasks[0].as_ref().unwrap();
/// assert_eq!((task.token.service(), task.input.get()), (Service::Swf, "21"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn tasks(
    event: &RawValue,
    message_format: &MessageFormat,
) -> Result<Vec<Result<RawTask, DecodeError>>, EventError> {
    let event = Event::decode(event)?;
    Ok(event.deliveries().iter().map(|delivery| delivery.task(message_format)).collect())
}
