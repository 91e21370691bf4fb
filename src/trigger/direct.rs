use std::borrow::Cow;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use taskback_core::{Ours, Outcome, Receipt};

use super::{EventError, InvocationError};
use crate::delivery::{Body, Delivery};
use crate::settlement::{Done, Settlement};

/// A direct invocation's event is the body itself.
pub(super) fn decode(event: &RawValue) -> Result<Delivery<'_>, EventError> {
    let text = event.get().trim_start();
    if !text.starts_with('{') {
        let kind = match text.as_bytes().first() {
            Some(b'[') => "an array",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            _ => "a number",
        };
        return Err(EventError::UnknownEvent(format!("{kind} instead of an object")));
    }
    Ok(Delivery { body: Some(Body(Cow::Borrowed(event.get()))), ..Delivery::default() })
}

/// Done → what was told and the receipt; Kept → an error, so that the caller invokes again.
pub(super) fn answer<D: Told>(settlements: &[Settlement<D>]) -> Result<Value, InvocationError> {
    match settlements {
        [Settlement::Done(done)] => Ok(done.answer()),
        [Settlement::Kept(why)] => Err(InvocationError::Kept(why.to_string())),
        _ => Err(InvocationError::Kept("no settlement".into())),
    }
}

/// What a direct invocation is told of what was done.
pub(crate) trait Told {
    fn answer(&self) -> Value;
}

impl Told for Done {
    fn answer(&self) -> Value {
        told(self)
    }
}

fn told(done: &Done) -> Value {
    let mut answer = Map::new();
    let mut put = |key: &str, value: Value| answer.insert(key.to_owned(), value);
    put("service", json!(done.service.name()));
    put("fingerprint", json!(done.fingerprint.hex()));
    put("receipt", json!(done.receipt.name()));
    match &done.receipt {
        Receipt::Recorded { request_id: Some(id) } => drop(put("requestId", json!(id))),
        Receipt::Recorded { request_id: None } => {}
        Receipt::Closed { ours } => drop(put("ours", json!(ours_name(*ours)))),
        Receipt::HandedOver { to } => drop(put("to", json!(to))),
    }
    if let Some(outcome) = &done.outcome {
        put("outcome", json!(outcome.name()));
        match outcome {
            Outcome::Succeeded(output) => drop(put("output", output_value(output.json()))),
            Outcome::Failed { error, cause } => {
                put("error", json!(error));
                put("cause", json!(cause));
            }
            Outcome::Canceled { details } => drop(put("details", json!(details))),
            Outcome::Delegated { .. } => {}
        }
    }
    Value::Object(answer)
}

const fn ours_name(ours: Ours) -> &'static str {
    match ours {
        Ours::Known => "known",
        Ours::Likely => "likely",
        Ours::Unknown => "unknown",
        Ours::No => "no",
    }
}

fn output_value(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or(Value::Null)
}
