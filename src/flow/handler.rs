//! FlowControl as a handler of events.

use std::time::Duration;

use aliyun_fnf::{ErrorKind, Execution};
use serde_json::Value;
use serde_json::value::RawValue;
use taskback_core::unwrapped;
use tokio::time::Instant;

use super::call::{kind, said};
use super::{FlowControl, NotDone, Request, View};
use crate::batch::{self, Settle};
use crate::delivery::Delivery;
use crate::settlement::{Kept, Settlement};
use crate::trigger::{Event, InvocationError, Told};
use crate::{Budget, Handler};

impl Handler for FlowControl {
    async fn handle(
        &self,
        event: &RawValue,
        remaining: Duration,
        invocation: &str,
    ) -> Result<Value, InvocationError> {
        let budget = Budget::lasting(remaining);
        let event = Event::of(event).inspect_err(|error| tracing::error!(%error, "event not read"))?;
        // It names one message: two without an id of their own would be taken for the same start.
        let invocation = if event.deliveries().len() == 1 { invocation } else { "" };
        let requests = Requests { control: self, invocation, until: budget.reports_until() };
        let mut settlements = batch::settle(&requests, self.concurrency, event.deliveries(), &budget).await;
        for settlement in &mut settlements {
            // Nothing is decided that a later invocation would tell: what is cut off is not done.
            if let Settlement::Kept(why @ Kept::Unfinished) = settlement {
                *why = Kept::NotDone(taskback_core::ErrorKind::Unavailable);
            }
        }
        #[cfg(feature = "sqs")]
        if let Some(queue) = &self.queue {
            let role = crate::queue::Role::Worker;
            queue.give_back(event.deliveries(), &settlements, role, &budget).await;
        }
        event.answer(&settlements).inspect_err(|error| tracing::error!(%error, "invocation failed"))
    }
}

/// The requests of one invocation.
struct Requests<'a> {
    control: &'a FlowControl,
    invocation: &'a str,
    until: Instant,
}

impl Settle for Requests<'_> {
    type Done = Execution;

    async fn settle(&self, delivery: &Delivery<'_>) -> Settlement<Execution> {
        let Some(body) = &delivery.body else {
            return Settlement::Kept(Kept::Refused("the message has no body".into()));
        };
        // A queue's message keeps its id with every delivery, an asynchronous invocation its own.
        let queue = delivery.source.as_ref().map_or("", |source| &source.queue_arn);
        let message = match delivery.id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => Some(format!("{queue} {id}")),
            None if delivery.source.is_some() || self.invocation.is_empty() => None,
            None => Some(self.invocation.to_owned()),
        };
        let request = match Request::read(&unwrapped(&body.0), message.as_deref()) {
            Ok(request) => request,
            Err(invalid) => return Settlement::Kept(Kept::Refused(invalid.to_string())),
        };
        match self.control.perform(&request, self.until).await {
            Ok(execution) => {
                tracing::info!(?request, status = execution.status.as_str(), "flow control");
                Settlement::Done(execution)
            }
            Err(why) => {
                let text = match &why {
                    NotDone::Fnf(error) => said(error),
                    NotDone::NameTaken { .. } => why.to_string(),
                };
                tracing::error!(?request, why = text, "flow control");
                Settlement::Kept(kept(&why))
            }
        }
    }
}

/// What can never be done is refused by its code; all else waits for somebody or for better times.
fn kept(why: &NotDone) -> Kept {
    let NotDone::Fnf(error) = why else { return Kept::Refused(why.to_string()) };
    match error.kind() {
        ErrorKind::InvalidRequest
        | ErrorKind::Refused
        | ErrorKind::TooLarge
        | ErrorKind::NotFound
        | ErrorKind::AlreadyExists => Kept::Refused(said(error)),
        ErrorKind::Settings
        | ErrorKind::Credentials
        | ErrorKind::NoSlot
        | ErrorKind::Unreached
        | ErrorKind::NoAnswer
        | ErrorKind::Throttled
        | ErrorKind::Unavailable
        | ErrorKind::Conflict
        | ErrorKind::Completed
        | ErrorKind::Denied
        | ErrorKind::Skewed
        | ErrorKind::Unexpected => Kept::NotDone(kind(error)),
    }
}

impl Told for Execution {
    fn answer(&self) -> Value {
        serde_json::to_value(View::of(self)).unwrap_or_default()
    }
}
