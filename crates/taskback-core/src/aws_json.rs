//! What services with AWS's JSON protocols share: the form of an answer, and the codes of AWS's front end.

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::report_error::{RejectedPart, ReportErrorKind};
use crate::response::ServiceResponse;

/// Reads an HTTP reply to a call whose success is a 200 with an empty body or object and a request id. A 200 with any
/// other body or without the id comes from another party (a proxy, or another service behind the endpoint) and is not a
/// success.
pub(crate) fn reply(
    status: u16,
    error_type: Option<&str>,
    request_id: Option<&str>,
    body: &[u8],
) -> ServiceResponse {
    let request_id = request_id.map(str::to_owned);
    if status == 200 && request_id.is_some() && matches!(body.trim_ascii(), b"" | b"{}") {
        return ServiceResponse::Accepted { request_id };
    }
    let body = serde_json::from_slice::<ErrorBody>(body).unwrap_or_default();
    let kind = body.kind.as_deref().or(error_type);
    ServiceResponse::Refused {
        status,
        code: kind.map(bare_code),
        message: body.message.or(body.capital_message).unwrap_or_default(),
        request_id,
    }
}

/// The kind of a code that any service of AWS may answer; `None` = the code is the service's own.
pub(crate) fn common_kind(code: &str) -> Option<ReportErrorKind> {
    Some(match code {
        "ThrottlingException" | "Throttling" | "RequestLimitExceeded" | "TooManyRequestsException" => {
            ReportErrorKind::Throttled
        }
        "InternalFailure" | "InternalError" | "InternalServerError" | "ServiceUnavailable" => {
            ReportErrorKind::Unavailable
        }
        "AccessDeniedException"
        | "UnrecognizedClientException"
        | "ExpiredTokenException"
        | "InvalidSignatureException"
        | "InvalidClientTokenId"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignature"
        | "NotAuthorized"
        | "OptInRequired"
        | "RequestExpired" => ReportErrorKind::Denied,
        "SerializationException" => ReportErrorKind::InvalidReport(RejectedPart::Other),
        _ => return None,
    })
}

/// The field that a validation error names, and the service's own words after it. The field stands after the value,
/// which some services quote: only what follows the last of them is the service's text.
pub(crate) fn refused_field(message: &str) -> Option<(&str, &str)> {
    message.rsplit_once(" at '").and_then(|(_, rest)| rest.split_once('\''))
}

/// The input of an activity, which is text in SWF and Step Functions: JSON where it is JSON, else that text as a JSON
/// string; null where there is none.
pub fn input(text: Option<&str>) -> Box<RawValue> {
    let Some(text) = text else { return RawValue::NULL.to_owned() };
    RawValue::from_string(text.to_owned())
        .or_else(|_| to_raw_value(text))
        .unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[derive(Default, Deserialize)]
struct ErrorBody {
    #[serde(rename = "__type")]
    kind: Option<String>,
    message: Option<String>,
    /// Some errors spell it so, and some have both.
    #[serde(rename = "Message")]
    capital_message: Option<String>,
}

/// The text after the last `#` and before a `:`, where the two spellings of a code differ.
fn bare_code(kind: &str) -> String {
    let code = kind.split(':').next().unwrap_or(kind);
    code.rsplit('#').next().unwrap_or(code).to_owned()
}
