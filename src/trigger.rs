//! How an event reaches a function: one file a trigger, from bytes to deliveries and from
//! settlements to the answer.

mod direct;
mod error;
mod eventbridge;
mod mns;
mod mns_queue;
mod mns_topic;
mod seen;
mod sns;
mod sqs;
mod whole;

use serde_json::Value;
use serde_json::value::RawValue;
use taskback_core::{Reading, Task, Unreadable};

use crate::delivery::Delivery;
use crate::settlement::Settlement;

pub(crate) use direct::Told;
use error::foreign;
pub use error::{EventError, InvocationError};
use seen::Seen;

/// An event, told apart by its shape and taken to pieces.
pub(crate) struct Event<'e> {
    trigger: Trigger,
    deliveries: Vec<Delivery<'e>>,
}

#[derive(Clone, Copy)]
enum Trigger {
    Sns,
    Sqs,
    EventBridge,
    MnsQueue,
    MnsTopic,
    Direct,
}

/// The deliveries of a trigger's event; `None` where it is another's.
type Decode = for<'e> fn(&Seen<'e>) -> Option<Result<Vec<Delivery<'e>>, EventError>>;

/// Who is asked whether an event is his, in this order.
const TRIGGERS: [(Trigger, Decode); 6] = [
    (Trigger::Sns, sns::decode),
    (Trigger::Sqs, sqs::decode),
    (Trigger::EventBridge, eventbridge::decode),
    (Trigger::MnsQueue, mns_queue::decode),
    (Trigger::MnsTopic, mns_topic::decode),
    (Trigger::Direct, direct::decode),
];

impl<'e> Event<'e> {
    /// Says which trigger an event comes from. What no trigger sends is an error, never an empty
    /// list of deliveries.
    pub(crate) fn of(event: &'e RawValue) -> Result<Self, EventError> {
        let seen = Seen::of(event);
        for (trigger, decode) in TRIGGERS {
            if let Some(deliveries) = decode(&seen) {
                return Ok(Self { trigger, deliveries: deliveries? });
            }
        }
        Err(EventError::UnknownEvent(format!("{} instead of an object", seen.name())))
    }

    pub(crate) fn deliveries(&self) -> &[Delivery<'e>] {
        &self.deliveries
    }

    /// Whether the answer tells what was done, and not only what was not.
    pub(crate) fn answers_with_outcomes(&self) -> bool {
        matches!(self.trigger, Trigger::Direct)
    }

    /// What the trigger is told of the settlements, one for each delivery and in their order.
    pub(crate) fn answer<D: Told>(&self, settlements: &[Settlement<D>]) -> Result<Value, InvocationError> {
        let answer = match self.trigger {
            Trigger::Sns => sns::answer,
            Trigger::Sqs => sqs::answer,
            Trigger::EventBridge => eventbridge::answer,
            Trigger::MnsQueue => mns_queue::answer,
            Trigger::MnsTopic => mns_topic::answer,
            Trigger::Direct => direct::answer,
        };
        answer(&self.deliveries, settlements)
    }
}

/// The tasks that an event brings, one for each delivery: what a handler would run, for tools that
/// look at events.
pub fn tasks(event: &RawValue, reading: &Reading) -> Result<Vec<Result<Task, Unreadable>>, EventError> {
    let event = Event::of(event)?;
    Ok(event.deliveries().iter().map(|delivery| delivery.task(reading)).collect())
}
