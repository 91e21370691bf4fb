//! How an event reaches a function: one file a trigger, from bytes to deliveries and from
//! settlements to the answer.

mod direct;
mod sqs;

use std::fmt;

use serde_json::Value;
use serde_json::value::RawValue;
use taskback_core::{Reading, Task, Unreadable};

use crate::delivery::Delivery;
use crate::settlement::Settlement;

pub(crate) use direct::Told;

/// An event, told apart by its shape and taken to pieces.
pub(crate) enum Event<'e> {
    Sqs(Vec<Delivery<'e>>),
    Direct([Delivery<'e>; 1]),
}

impl<'e> Event<'e> {
    /// Says which trigger an event comes from. What no trigger sends is an error, never an empty
    /// list of deliveries.
    pub(crate) fn of(event: &'e RawValue) -> Result<Self, EventError> {
        if let Some(records) = sqs::records(event) {
            return sqs::decode(&records).map(Self::Sqs);
        }
        direct::decode(event).map(|delivery| Self::Direct([delivery]))
    }

    pub(crate) fn deliveries(&self) -> &[Delivery<'e>] {
        match self {
            Self::Sqs(deliveries) => deliveries,
            Self::Direct(delivery) => delivery,
        }
    }

    /// Whether the answer tells what was done, and not only what was not.
    pub(crate) fn answers_with_outcomes(&self) -> bool {
        matches!(self, Self::Direct(_))
    }

    /// What the trigger is told of the settlements, one for each delivery and in their order.
    pub(crate) fn answer<D: Told>(&self, settlements: &[Settlement<D>]) -> Result<Value, InvocationError> {
        match self {
            Self::Sqs(deliveries) => sqs::answer(deliveries, settlements),
            Self::Direct(_) => direct::answer(settlements),
        }
    }
}

/// The tasks that an event brings, one for each delivery: what a handler would run, for tools that
/// look at events.
pub fn tasks(event: &RawValue, reading: &Reading) -> Result<Vec<Result<Task, Unreadable>>, EventError> {
    let event = Event::of(event)?;
    Ok(event.deliveries().iter().map(|delivery| delivery.task(reading)).collect())
}

/// An event that no delivery can be read from: the invocation fails, so that the trigger keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventError {
    /// No trigger sends such an event; the text says what was seen.
    UnknownEvent(String),
    /// The event says that it is a batch and has no records.
    EmptyBatch,
    /// The records come from a source that taskback does not serve.
    ForeignSource(String),
}

/// An answer that fails the invocation, so that the trigger keeps what it delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvocationError {
    /// The event itself.
    Event(EventError),
    /// A message that must come back has no usable id to say so by.
    UnusableMessageId,
    /// The task of a trigger without partial answers was kept; the text says why.
    Kept(String),
}

impl InvocationError {
    /// The error's name in the answer.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Event(EventError::UnknownEvent(_)) => "UnknownEvent",
            Self::Event(EventError::EmptyBatch) => "EmptyBatch",
            Self::Event(EventError::ForeignSource(_)) => "ForeignSource",
            Self::UnusableMessageId => "UnusableMessageId",
            Self::Kept(_) => "Kept",
        }
    }
}

impl From<EventError> for InvocationError {
    fn from(error: EventError) -> Self {
        Self::Event(error)
    }
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownEvent(seen) => write!(f, "no trigger sends such an event: {seen}"),
            Self::EmptyBatch => f.write_str("the event has an empty list of Records"),
            Self::ForeignSource(seen) => write!(f, "the records come from {seen}, not from aws:sqs"),
        }
    }
}

impl fmt::Display for InvocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(error) => error.fmt(f),
            Self::UnusableMessageId => {
                f.write_str("a message that was kept has no messageId, so all come back")
            }
            Self::Kept(why) => write!(f, "the task was kept: {why}"),
        }
    }
}

impl std::error::Error for EventError {}
impl std::error::Error for InvocationError {}
