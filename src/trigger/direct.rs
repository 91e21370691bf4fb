use std::borrow::Cow;

use serde::Serialize;
use taskback_core::{Outcome, Output, Receipt};

use super::contract::{Decoded, Trigger};
use super::error::InvocationError;
use super::raw_event::RawEvent;
use crate::delivery::{Body, Delivery};
use crate::response::Response;
use crate::settlement::{Ack, Acked, NackReason, Settlement};

/// A direct invocation: any other object, which is the body itself.
pub(super) struct Direct;

impl Trigger for Direct {
    fn decode<'e>(&self, event: &RawEvent<'e>) -> Decoded<'e> {
        if !event.is_object() {
            return None;
        }
        let body = Some(Body(Cow::Borrowed(event.json.get())));
        Some(Ok(vec![Delivery { body, ..Delivery::default() }]))
    }

    /// Ack → the outcome and its receipt; Nack → an error, so that the caller invokes again.
    fn respond(
        &self,
        _deliveries: &[Delivery<'_>],
        settlements: &[Settlement],
    ) -> Result<Response, InvocationError> {
        match settlements {
            [Settlement::Ack(Ack::Task(acked))] => Response::new(&Report::new(acked)),
            [Settlement::Ack(Ack::Flow(response))] => Ok(response.clone()),
            // No step goes on after its deadline: whatever is cut off later is a report.
            [Settlement::Nack(reason @ (NackReason::ReportFailed(_) | NackReason::TimedOut))] => {
                Err(InvocationError::ReportFailed(reason.to_string()))
            }
            [Settlement::Nack(reason @ (NackReason::HeldByOther(_) | NackReason::LeaseLost))] => {
                Err(InvocationError::HeldByOther(reason.to_string()))
            }
            [Settlement::Nack(reason)] => Err(InvocationError::MessageNacked(reason.to_string())),
            _ => Err(InvocationError::MessageNacked("no settlement".into())),
        }
    }

    fn wants_outcomes(&self) -> bool {
        true
    }
}

/// The response to a task that has its receipt.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    service: &'a str,
    fingerprint: String,
    receipt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'a str>,
    /// As the step wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a Output>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a str>,
}

impl<'a> Report<'a> {
    fn new(acked: &'a Acked) -> Self {
        let mut report = Self {
            service: acked.service.name(),
            fingerprint: acked.fingerprint.hex(),
            receipt: acked.receipt.name(),
            outcome: acked.outcome.as_ref().map(Outcome::name),
            ..Self::default()
        };
        match &acked.receipt {
            Receipt::Recorded { request_id } => report.request_id = request_id.as_deref(),
            Receipt::Closed { closed_by } => report.closed_by = Some(closed_by.name()),
            Receipt::Delegated { to } => report.to = Some(to),
        }
        match &acked.outcome {
            Some(Outcome::Succeeded(output)) => report.output = Some(output),
            Some(Outcome::Failed { error, cause }) => {
                report.error = Some(error);
                report.cause = Some(cause);
            }
            Some(Outcome::Canceled { details }) => report.details = Some(details),
            Some(Outcome::DelegatedTo { .. }) | None => {}
        }
        report
    }
}
