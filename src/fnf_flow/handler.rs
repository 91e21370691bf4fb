//! FlowControl as a handler of events.

use std::time::Duration;

use aliyun_fnf::ErrorKind;
use serde_json::value::RawValue;
use taskback_core::unwrap_message;
use tokio::time::Instant;

use super::call::{kind, redacted};
use super::control::{FlowControl, FlowError};
use super::execution::ExecutionView;
use super::request::Request;
use crate::batch::{self, Settle};
use crate::budget::Budget;
use crate::delivery::Delivery;
use crate::future::BoxFuture;
use crate::handler::Handler;
use crate::response::Response;
use crate::settlement::{Ack, NackReason, Settlement};
use crate::trigger::{Event, InvocationError};

impl Handler for FlowControl {
    fn handle<'a>(
        &'a self,
        event: &'a RawValue,
        remaining: Duration,
        invocation: &'a str,
    ) -> BoxFuture<'a, Result<Response, InvocationError>> {
        Box::pin(self.handle_event(event, remaining, invocation))
    }
}

impl FlowControl {
    async fn handle_event(
        &self,
        event: &RawValue,
        remaining: Duration,
        invocation: &str,
    ) -> Result<Response, InvocationError> {
        let budget = Budget::new(remaining);
        let event = Event::decode(event).inspect_err(
            |error| tracing::error!(event = "event.rejected", %error, "failed to decode an event"),
        )?;
        // The invocation's id names one message: two without an id of their own would be taken for the same start.
        let invocation = if event.deliveries().len() == 1 { invocation } else { "" };
        let requests = Requests { control: self, invocation, deadline: budget.report_deadline() };
        let mut settlements = batch::settle(&requests, self.concurrency, event.deliveries(), &budget).await;
        for settlement in &mut settlements {
            // No outcome is recorded for a later invocation: a request that is cut off is not done.
            if let Settlement::Nack(reason @ NackReason::TimedOut) = settlement {
                *reason = NackReason::FlowCallFailed(taskback_core::ReportErrorKind::Unavailable);
            }
        }
        #[cfg(feature = "sqs")]
        if let Some(queue) = &self.queue {
            let policy = crate::sqs::DelayPolicy::default();
            queue.delay_redelivery(event.deliveries(), &settlements, policy, &budget).await;
        }
        event
            .respond(&settlements)
            .inspect_err(|error| tracing::error!(event = "invocation.failed", %error, "invocation failed"))
    }
}

/// The requests of one invocation.
struct Requests<'a> {
    control: &'a FlowControl,
    invocation: &'a str,
    deadline: Instant,
}

impl Settle for Requests<'_> {
    async fn settle(&self, delivery: &Delivery<'_>) -> Settlement {
        let Some(body) = &delivery.body else {
            return Settlement::Nack(NackReason::Rejected("the message has no body".into()));
        };
        // A queue's message keeps its id with every delivery, an asynchronous invocation its own.
        let queue = delivery.source.as_ref().map_or("", |source| &source.queue_arn);
        let message = match delivery.id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => Some(format!("{queue} {id}")),
            None if delivery.source.is_some() || self.invocation.is_empty() => None,
            None => Some(self.invocation.to_owned()),
        };
        let request = match Request::read(&unwrap_message(&body.0), message.as_deref()) {
            Ok(request) => request,
            Err(invalid) => return Settlement::Nack(NackReason::Rejected(invalid.to_string())),
        };
        match self.control.perform(&request, self.deadline).await {
            Ok(execution) => {
                tracing::info!(
                    event = "flow.done",
                    ?request,
                    status = execution.status.as_str(),
                    "flow request performed"
                );
                match Response::new(&ExecutionView::of(&execution)) {
                    Ok(response) => Settlement::Ack(Ack::Flow(response)),
                    Err(error) => Settlement::Nack(NackReason::Rejected(error.to_string())),
                }
            }
            Err(reason) => {
                let text = match &reason {
                    FlowError::Fnf(error) => redacted(error),
                    FlowError::NameTaken { .. } => reason.to_string(),
                };
                tracing::error!(event = "flow.failed", ?request, reason = text, "flow request failed");
                Settlement::Nack(nack_reason(&reason))
            }
        }
    }
}

/// The reason of a request that failed: one that can never succeed is rejected by its code; all others are redelivered.
fn nack_reason(reason: &FlowError) -> NackReason {
    let FlowError::Fnf(error) = reason else { return NackReason::Rejected(reason.to_string()) };
    match error.kind() {
        ErrorKind::InvalidRequest
        | ErrorKind::Refused
        | ErrorKind::TooLarge
        | ErrorKind::NotFound
        | ErrorKind::AlreadyExists => NackReason::Rejected(redacted(error)),
        ErrorKind::Settings
        | ErrorKind::Credentials
        | ErrorKind::NoPermit
        | ErrorKind::NotSent
        | ErrorKind::NoResponse
        | ErrorKind::Throttled
        | ErrorKind::Unavailable
        | ErrorKind::Conflict
        | ErrorKind::Completed
        | ErrorKind::Denied
        | ErrorKind::Skewed
        | ErrorKind::Unexpected => NackReason::FlowCallFailed(kind(error)),
    }
}
