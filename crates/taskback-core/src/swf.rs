//! SWF: the call that tells an outcome, and what its error codes say.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::answer::{Answer, Verdict};
use crate::outcome::STEP_FAILED;
use crate::{ErrorKind, Flaw, Outcome, Output, text};

/// The most characters of a result (the service's model).
pub const RESULT_CHARS: usize = 32768;
/// The most characters of a reason (the service's model).
pub const REASON_CHARS: usize = 256;
/// The most characters of details (the service's model).
pub const DETAILS_CHARS: usize = 32768;
/// The most characters of a heartbeat's details (the service's model).
pub const HEARTBEAT_CHARS: usize = 2048;

/// The call and the fields that tell an outcome, within the service's limits.
#[derive(PartialEq, Eq)]
pub enum Report<'a> {
    /// RespondActivityTaskCompleted.
    Completed {
        /// At most 32768 characters.
        result: Cow<'a, str>,
    },
    /// RespondActivityTaskFailed.
    Failed {
        /// At most 256 characters.
        reason: Cow<'a, str>,
        /// At most 32768 characters.
        details: Option<Cow<'a, str>>,
    },
    /// RespondActivityTaskCanceled.
    Canceled {
        /// At most 32768 characters.
        details: Option<Cow<'a, str>>,
    },
}

/// The outcome as it can be told: texts are cut to their limits, and an output whose result has
/// more than 32768 characters becomes the fixed failure `OutputTooLarge`.
pub fn fit(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Succeeded(output) if text::width(&result(&output)) > RESULT_CHARS => {
            Outcome::output_too_large()
        }
        fits => fits.cut(REASON_CHARS, DETAILS_CHARS),
    }
}

/// The call for an outcome; none for one that somebody else reports.
pub fn report(outcome: &Outcome) -> Option<Report<'_>> {
    Some(match outcome {
        Outcome::Succeeded(output) => Report::Completed { result: result(output) },
        Outcome::Failed { error, cause } => {
            let error = if error.is_empty() { STEP_FAILED } else { error };
            Report::Failed { reason: text::cut(error, REASON_CHARS), details: details(cause) }
        }
        Outcome::Canceled { details: text } => Report::Canceled { details: details(text) },
        Outcome::Delegated { .. } => return None,
    })
}

/// SWF's input is text: JSON where it is JSON, else that text as a JSON string; null where there is
/// none.
pub fn input(text: Option<&str>) -> Box<RawValue> {
    let Some(text) = text else { return RawValue::NULL.to_owned() };
    RawValue::from_string(text.to_owned())
        .or_else(|_| to_raw_value(text))
        .unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// A heartbeat's details within the limit.
pub fn heartbeat_details(progress: &str) -> Cow<'_, str> {
    text::cut(progress, HEARTBEAT_CHARS)
}

/// What an HTTP reply to a Respond call is. The success of all three is a 200 with an empty body;
/// a 200 with any other comes from somebody else (a proxy, or another service behind the
/// endpoint) and is no success.
pub fn reply(status: u16, error_type: Option<&str>, request_id: Option<&str>, body: &[u8]) -> Answer {
    let request_id = request_id.map(str::to_owned);
    if status == 200 && matches!(body.trim_ascii(), b"" | b"{}") {
        return Answer::Accepted { request_id };
    }
    let body = serde_json::from_slice::<ErrorBody>(body).unwrap_or_default();
    let kind = body.kind.as_deref().or(error_type);
    Answer::Refused {
        status,
        code: kind.map(bare_code),
        message: body.message.unwrap_or_default(),
        request_id,
    }
}

#[derive(Default, Deserialize)]
struct ErrorBody {
    #[serde(rename = "__type")]
    kind: Option<String>,
    #[serde(alias = "Message")]
    message: Option<String>,
}

/// The text after the last `#` and before a `:`, where the two spellings of a code differ.
fn bare_code(kind: &str) -> String {
    let code = kind.split(':').next().unwrap_or(kind);
    code.rsplit('#').next().unwrap_or(code).to_owned()
}

/// An output that is a JSON string goes as its bare text, as in SWF's own example.
fn result(output: &Output) -> Cow<'_, str> {
    let json = output.json();
    if json.starts_with('"')
        && let Ok(bare) = serde_json::from_str::<String>(json)
    {
        return Cow::Owned(bare);
    }
    Cow::Borrowed(json)
}

fn details(text: &str) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then(|| text::cut(text, DETAILS_CHARS))
}

pub(crate) fn verdict(code: &str, message: &str) -> Option<Verdict> {
    let kind = match code {
        "UnknownResourceFault" => {
            // Its two documented texts say that the task is closed; any other, such as
            // "Unknown domain", speaks of the configuration.
            let closed = message.starts_with("Unknown activity") || message.starts_with("Unknown execution");
            if closed {
                return Some(Verdict::Closed);
            }
            ErrorKind::Unexpected
        }
        "ThrottlingException"
        | "Throttling"
        | "LimitExceededFault"
        | "RequestLimitExceeded"
        | "TooManyRequestsException" => ErrorKind::Throttled,
        "InternalFailure" | "InternalError" | "InternalServerError" | "ServiceUnavailable" => {
            ErrorKind::Unavailable
        }
        "OperationNotPermittedFault"
        | "AccessDeniedException"
        | "UnrecognizedClientException"
        | "ExpiredTokenException"
        | "InvalidSignatureException"
        | "InvalidClientTokenId"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignature"
        | "OptInRequired" => ErrorKind::Denied,
        "ValidationException" | "ValidationError" => validation(message),
        "SerializationException" => ErrorKind::InvalidReport(Flaw::Other),
        _ => return None,
    };
    Some(Verdict::Error(kind))
}

/// A validation error names its field after the value that it quotes: only what follows the last
/// quoted value is the service's own text.
fn validation(message: &str) -> ErrorKind {
    let field = message.rsplit_once("' at '").and_then(|(_, rest)| rest.split_once('\''));
    match field {
        Some(("taskToken", _)) => ErrorKind::InvalidToken,
        Some(("result", why)) if why.contains("length") => ErrorKind::InvalidReport(Flaw::OutputSize),
        Some(("result", _)) => ErrorKind::InvalidReport(Flaw::OutputForm),
        Some(_) => ErrorKind::InvalidReport(Flaw::Other),
        None if message.trim_end_matches('.') == "Invalid token" => ErrorKind::InvalidToken,
        None => ErrorKind::InvalidReport(Flaw::Other),
    }
}

#[cfg(test)]
mod tests;
