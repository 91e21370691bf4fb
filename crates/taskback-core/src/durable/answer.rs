//! The service's answers and the meaning of its codes.

use serde::Deserialize;

use crate::aws_json;
use crate::report_error::{RejectedPart, ReportErrorKind};
use crate::response::{ServiceResponse, Verdict};

/// Reads an HTTP reply. The success of all three calls is a 200 with an empty body and a request id; any other 200 comes
/// from another party.
///
/// `error_type` is the header `x-amzn-ErrorType`, where the service has its code. AWS's local runner has no such header
/// and the code in the body's `Type`, where the service has `User` or `Service`: so a `Type` is a code only without the
/// header, and only if it ends in `Exception`.
pub fn reply(
    status: u16,
    error_type: Option<&str>,
    request_id: Option<&str>,
    body: &[u8],
) -> ServiceResponse {
    let request_id = request_id.map(str::to_owned);
    if status == 200 && request_id.is_some() && body.trim_ascii().is_empty() {
        return ServiceResponse::Accepted { request_id };
    }
    let body = serde_json::from_slice::<ErrorBody>(body).unwrap_or_default();
    let header = error_type.and_then(|kind| kind.split(':').next()).map(str::to_owned);
    let code = header.or_else(|| body.kind.filter(|kind| kind.ends_with("Exception")));
    let message = body.capital_message.or(body.message).unwrap_or_default();
    ServiceResponse::Refused { status, code, message, request_id }
}

#[derive(Default, Deserialize)]
struct ErrorBody {
    #[serde(rename = "Type")]
    kind: Option<String>,
    #[serde(rename = "Message")]
    capital_message: Option<String>,
    message: Option<String>,
}

pub(super) fn classify(code: &str, message: &str) -> Option<Verdict> {
    let kind = match code {
        // One text for a callback that was reported, timed out, missed its heartbeats or whose execution was stopped.
        "CallbackTimeoutException" => return Some(Verdict::Closed),
        "InvalidParameterValueException" | "ValidationException" => invalid_parameter(message),
        "ResourceNotFoundException" => ReportErrorKind::InvalidToken,
        "ServiceException" => ReportErrorKind::Unavailable,
        // With status 502, but only another policy or state of the key helps.
        "KMSAccessDeniedException"
        | "KMSDisabledException"
        | "KMSInvalidStateException"
        | "KMSNotFoundException"
        | "IncompleteSignatureException"
        | "SignatureDoesNotMatch" => ReportErrorKind::Denied,
        "RequestTooLargeException" | "RequestEntityTooLargeException" => {
            ReportErrorKind::InvalidReport(RejectedPart::OutputSize)
        }
        "InvalidRequestContentException" | "UnsupportedMediaTypeException" => {
            ReportErrorKind::InvalidReport(RejectedPart::Other)
        }
        other => aws_json::common_kind(other)?,
    };
    Some(Verdict::Error(kind))
}

/// The kind of a refused parameter: "Invalid callback id", which an unknown id has too, or a validation error, which
/// names its field after the value that it quotes.
fn invalid_parameter(message: &str) -> ReportErrorKind {
    match aws_json::refused_field(message).map(|(field, reason)| (field.to_ascii_lowercase(), reason)) {
        Some((field, _)) if field == "callbackid" => ReportErrorKind::InvalidToken,
        Some((field, reason)) if field == "result" && reason.contains("length") => {
            ReportErrorKind::InvalidReport(RejectedPart::OutputSize)
        }
        Some((field, _)) if field == "result" => ReportErrorKind::InvalidReport(RejectedPart::OutputForm),
        None if message.to_ascii_lowercase().starts_with("invalid callback id") => {
            ReportErrorKind::InvalidToken
        }
        _ => ReportErrorKind::InvalidReport(RejectedPart::Other),
    }
}
