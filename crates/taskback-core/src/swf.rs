//! SWF: its facts, the calls that report an outcome, and the meaning of its error codes.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;

use crate::aws_json;
use crate::outcome::{Outcome, Output, STEP_FAILED};
use crate::report_error::{RejectedPart, ReportErrorKind};
use crate::response::{ServiceResponse, Verdict};
use crate::spec::{OutputLimit, Refusal, Refusals, ServiceSpec};
use crate::text;

mod ids;
mod poll_answer;

pub use crate::aws_json::input;
pub use ids::{ACTIVITY_ID, ACTIVITY_TYPE, DOMAIN, RUN_ID, STARTED_EVENT_ID, WORKFLOW_ID};

/// All that differs from other services.
pub static SPEC: ServiceSpec = ServiceSpec {
    name: "swf",
    // The service's own model.
    max_token_chars: 1024,
    is_token: |_| true,
    token_keys: &[],
    is_reserved_name: true,
    job_member: None,
    output_limit: OutputLimit::Chars(RESULT_CHARS),
    expects_object_output: false,
    report_actions: &[
        "swf:RespondActivityTaskCompleted",
        "swf:RespondActivityTaskFailed",
        "swf:RespondActivityTaskCanceled",
    ],
    heartbeat_action: Some("swf:RecordActivityTaskHeartbeat"),
    refusals: Refusals {
        closed: Refusal::new(400, "UnknownResourceFault", "Unknown activity, scheduledEventId = 5"),
        throttled: Refusal::new(400, "ThrottlingException", "Rate exceeded"),
        server_error: Refusal::new(500, "InternalFailure", ""),
        too_large: Refusal::new(
            400,
            "ValidationException",
            "1 validation error detected: Value 'x' at 'result' failed to satisfy constraint: Member must have \
             length less than 32769",
        ),
        bad_form: Refusal::new(
            400,
            "ValidationException",
            "1 validation error detected: Value 'x' at 'result' failed to satisfy constraint: Member must have \
             a pattern",
        ),
        denied: Refusal::new(400, "AccessDeniedException", ""),
    },
    needs: "the feature swf and AWS_REGION",
    settings: "AWS_REGION for SWF",
    enforce_limits,
    business_key: ids::business_key,
    business_key_with_run: ids::business_key_with_run,
    classify,
    execution: ids::read,
    execution_text: None,
    poll_answer: Some(poll_answer::read),
};

/// The maximum characters of a result (the service's model).
pub const RESULT_CHARS: usize = 32768;
/// The maximum characters of a reason (the service's model).
pub const REASON_CHARS: usize = 256;
/// The maximum characters of details (the service's model).
pub const DETAILS_CHARS: usize = 32768;
/// The maximum characters of a heartbeat's details (the service's model).
pub const HEARTBEAT_CHARS: usize = 2048;

/// The call and the fields that report an outcome, within the service's limits.
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

/// Names the call; its fields are the user's.
impl fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Completed { .. } => "Completed",
            Self::Failed { .. } => "Failed",
            Self::Canceled { .. } => "Canceled",
        })
    }
}

/// The outcome as it can be reported: texts are cut to their limits, and an output whose result has
/// more than 32768 characters becomes the fixed failure `OutputTooLarge`.
pub fn enforce_limits(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Succeeded(output) if text::width(&result(&output)) > RESULT_CHARS => {
            Outcome::output_too_large()
        }
        fits => fits.cut(REASON_CHARS, DETAILS_CHARS),
    }
}

/// The call for an outcome; `None` where another party reports.
pub fn report(outcome: &Outcome) -> Option<Report<'_>> {
    Some(match outcome {
        Outcome::Succeeded(output) => Report::Completed { result: result(output) },
        Outcome::Failed { error, cause } => {
            let error = if error.is_empty() { STEP_FAILED } else { error };
            Report::Failed { reason: text::cut(error, REASON_CHARS), details: details(cause) }
        }
        Outcome::Canceled { details: text } => Report::Canceled { details: details(text) },
        Outcome::DelegatedTo { .. } => return None,
    })
}

/// A heartbeat's details within the limit.
pub fn heartbeat_details(progress: &str) -> Cow<'_, str> {
    text::cut(progress, HEARTBEAT_CHARS)
}

/// Reads an HTTP reply to a Respond call. The success of all three is a 200 with an empty body and
/// a request id. A 200 with any other body or without the id comes from another party (a proxy, or
/// another service behind the endpoint) and is not a success.
pub fn reply(
    status: u16,
    error_type: Option<&str>,
    request_id: Option<&str>,
    body: &[u8],
) -> ServiceResponse {
    aws_json::reply(status, error_type, request_id, body)
}

/// Reads an HTTP reply to a heartbeat: whether the workflow asks for cancellation, or `None` if it is not SWF's own
/// success, a 200 with a request id and an object.
pub fn cancel_requested(status: u16, request_id: Option<&str>, body: &[u8]) -> Option<bool> {
    let object = serde_json::from_slice::<HeartbeatBody>(body).ok()?;
    (status == 200 && request_id.is_some()).then_some(object.cancel_requested)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeartbeatBody {
    /// SWF always sends it. The SDK takes its absence for `false`.
    #[serde(default)]
    cancel_requested: bool,
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

fn classify(code: &str, message: &str) -> Option<Verdict> {
    let kind = match code {
        "UnknownResourceFault" => {
            // Its two documented texts say that the task is closed; any other, such as
            // "Unknown domain", speaks of the configuration.
            let closed = message.starts_with("Unknown activity") || message.starts_with("Unknown execution");
            if closed {
                return Some(Verdict::Closed);
            }
            ReportErrorKind::Unexpected
        }
        "LimitExceededFault" => ReportErrorKind::Throttled,
        "OperationNotPermittedFault" => ReportErrorKind::Denied,
        "ValidationException" | "ValidationError" => validation(message),
        _ => return aws_json::common_kind(code).map(Verdict::Error),
    };
    Some(Verdict::Error(kind))
}

fn validation(message: &str) -> ReportErrorKind {
    match aws_json::refused_field(message) {
        Some(("taskToken", _)) => ReportErrorKind::InvalidToken,
        Some(("result", reason)) if reason.contains("length") => {
            ReportErrorKind::InvalidReport(RejectedPart::OutputSize)
        }
        Some(("result", _)) => ReportErrorKind::InvalidReport(RejectedPart::OutputForm),
        Some(_) => ReportErrorKind::InvalidReport(RejectedPart::Other),
        None if message.trim_end_matches('.') == "Invalid token" => ReportErrorKind::InvalidToken,
        None => ReportErrorKind::InvalidReport(RejectedPart::Other),
    }
}

#[cfg(test)]
mod tests;
