//! SWF's answer to a call, or the reason for its absence.

use taskback_core::{ReportErrorKind, ServiceResponse, swf};
use taskback_http::HttpResponse;

use crate::aws::{Unanswered, Unsent};

pub(super) type Answer = Result<HttpResponse, Unanswered>;

/// The answer to a report.
pub(super) fn response(answer: Answer) -> ServiceResponse {
    let no_response = |sent, reason: &str| ServiceResponse::NoResponse { sent, reason: reason.into() };
    let not_sent = |kind, reason: &str| ServiceResponse::NotSent { kind, reason: reason.into() };
    match answer {
        Ok(reply) => {
            let error_type = header(&reply, "x-amzn-errortype");
            swf::reply(reply.status, error_type, request_id(&reply), &reply.body)
        }
        Err(Unanswered::NotBuilt) => not_sent(ReportErrorKind::Unexpected, "the request could not be built"),
        Err(Unanswered::Unsent(Unsent::NoCredentials(reason))) => not_sent(ReportErrorKind::Denied, &reason),
        Err(Unanswered::Unsent(Unsent::NoConnection(reason) | Unsent::CredentialsLate(reason))) => {
            no_response(false, &reason)
        }
        Err(Unanswered::Lost(reason)) => no_response(true, &reason),
    }
}

/// The answer to a heartbeat; `None` if it is not SWF's own success.
pub(super) fn cancel_requested(answer: &Answer) -> Option<bool> {
    let reply = answer.as_ref().ok()?;
    swf::cancel_requested(reply.status, request_id(reply), &reply.body)
}

fn request_id(reply: &HttpResponse) -> Option<&str> {
    header(reply, "x-amzn-requestid")
}

fn header<'a>(reply: &'a HttpResponse, name: &str) -> Option<&'a str> {
    reply.headers.get(name).and_then(|value| value.to_str().ok())
}
