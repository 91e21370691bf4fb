use std::borrow::Cow;

use serde_json::{Map, Value, json};
use taskback_core::{Ours, Outcome, Receipt};

use super::{EventError, InvocationError, Seen};
use crate::delivery::{Body, Delivery};
use crate::settlement::{Done, Kept, Settlement};

/// Whatever object no trigger sends: a direct invocation's event is the body itself.
pub(super) fn decode<'e>(event: &Seen<'e>) -> Option<Result<Vec<Delivery<'e>>, EventError>> {
    if !event.is_object() {
        return None;
    }
    let body = Some(Body(Cow::Borrowed(event.json.get())));
    Some(Ok(vec![Delivery { body, ..Delivery::default() }]))
}

/// Done → what was told and the receipt; Kept → an error, so that the caller invokes again.
pub(super) fn answer<D: Told>(
    _deliveries: &[Delivery<'_>],
    settlements: &[Settlement<D>],
) -> Result<Value, InvocationError> {
    match settlements {
        [Settlement::Done(done)] => Ok(done.answer()),
        // No step goes on behind its limit: what is cut off later is a report.
        [Settlement::Kept(why @ (Kept::Unreported(_) | Kept::Unfinished))] => {
            Err(InvocationError::Unreported(why.to_string()))
        }
        [Settlement::Kept(why @ (Kept::RunningElsewhere(_) | Kept::LeaseLost))] => {
            Err(InvocationError::RunningElsewhere(why.to_string()))
        }
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
