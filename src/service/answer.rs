//! An AWS service's answer to a call, or the reason for its absence.

use taskback_core::{ReportErrorKind, ServiceResponse};
use taskback_http::HttpResponse;

use crate::aws::{Unanswered, Unsent};

pub(super) type Answer = Result<HttpResponse, Unanswered>;

/// Reads a reply by its status, the code in its headers, its request id and its body.
pub(super) type ReadReply = fn(u16, Option<&str>, Option<&str>, &[u8]) -> ServiceResponse;

/// The answer to a report, which `read` reads.
pub(super) fn response(answer: Answer, read: ReadReply) -> ServiceResponse {
    let no_response = |sent, reason: &str| ServiceResponse::NoResponse { sent, reason: reason.into() };
    let not_sent = |kind, reason: &str| ServiceResponse::NotSent { kind, reason: reason.into() };
    match answer {
        Ok(reply) => {
            let error_type = header(&reply, "x-amzn-errortype");
            read(reply.status, error_type, request_id(&reply), &reply.body)
        }
        Err(Unanswered::NotBuilt) => not_sent(ReportErrorKind::Unexpected, "the request could not be built"),
        Err(Unanswered::Unsent(Unsent::NoCredentials(reason))) => not_sent(ReportErrorKind::Denied, &reason),
        Err(Unanswered::Unsent(Unsent::NoConnection(reason) | Unsent::CredentialsLate(reason))) => {
            no_response(false, &reason)
        }
        Err(Unanswered::Lost(reason)) => no_response(true, &reason),
    }
}

/// The service's id of the request, which all of its own answers have.
pub(super) fn request_id(reply: &HttpResponse) -> Option<&str> {
    header(reply, "x-amzn-requestid")
}

fn header<'a>(reply: &'a HttpResponse, name: &str) -> Option<&'a str> {
    reply.headers.get(name).and_then(|value| value.to_str().ok())
}
