//! Step Functions: its facts, the calls that report an outcome, and the meaning of its error codes.

use std::borrow::Cow;
use std::fmt;

use crate::aws_json;
use crate::outcome::{CANCELED, Outcome, STEP_FAILED};
use crate::report_error::{RejectedPart, ReportErrorKind};
use crate::response::{ServiceResponse, Verdict};
use crate::spec::{OutputLimit, Refusal, Refusals, ServiceSpec};
use crate::text;

mod ids;

pub use crate::aws_json::input;
pub use ids::{ACTIVITY_ARN, EXECUTION_ARN, MAP_ITEM_INDEX, RETRY_COUNT, STATE_ENTERED_TIME, STATE_NAME};

/// All that differs from other services.
pub static SPEC: ServiceSpec = ServiceSpec {
    name: "sfn",
    // The service's own model. Older pages of its guide say 1024.
    max_token_chars: 2048,
    is_token: |_| true,
    token_keys: &[],
    is_reserved_name: false,
    job_member: None,
    output_limit: OutputLimit::Bytes(OUTPUT_BYTES),
    expects_object_output: false,
    report_actions: &["states:SendTaskSuccess", "states:SendTaskFailure"],
    heartbeat_action: Some("states:SendTaskHeartbeat"),
    refusals: Refusals {
        closed: Refusal::new(400, "TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'"),
        throttled: Refusal::new(400, "ThrottlingException", "Rate exceeded"),
        server_error: Refusal::new(500, "InternalFailure", ""),
        too_large: Refusal::new(
            400,
            "ValidationException",
            "1 validation error detected: Value at 'output' failed to satisfy constraint: Member must have length \
             less than or equal to 262144",
        ),
        bad_form: Refusal::new(400, "InvalidOutput", "Invalid Output: 'Invalid output'"),
        denied: Refusal::new(400, "AccessDeniedException", ""),
    },
    needs: "the feature sfn and AWS_REGION",
    settings: "AWS_REGION for Step Functions",
    enforce_limits,
    business_key: ids::business_key,
    // The ARN of an execution is that of one run.
    business_key_with_run: ids::business_key,
    classify,
    execution: ids::read,
    execution_text: Some(EXECUTION_ARN),
    poll_answer: None,
};

/// The maximum bytes of UTF-8 in an output (the service's API reference).
pub const OUTPUT_BYTES: usize = 262_144;
/// The maximum characters of an error (the service's model).
pub const ERROR_CHARS: usize = 256;
/// The maximum characters of a cause (the service's model).
pub const CAUSE_CHARS: usize = 32_768;

/// The call and the fields that report an outcome, within the service's limits.
#[derive(PartialEq, Eq)]
pub enum Report<'a> {
    /// SendTaskSuccess.
    Success {
        /// JSON text of at most 262,144 bytes.
        output: &'a str,
    },
    /// SendTaskFailure.
    Failure {
        /// 1 to 256 characters: a state's `Catch` and `Retry` select by it.
        error: Cow<'a, str>,
        /// At most 32,768 characters.
        cause: Option<Cow<'a, str>>,
    },
}

/// Names the call; its fields are the user's.
impl fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Success { .. } => "Success",
            Self::Failure { .. } => "Failure",
        })
    }
}

/// The outcome as it can be reported: texts are cut to their limits, and an output of more than 262,144 bytes becomes
/// the fixed failure `OutputTooLarge`.
pub fn enforce_limits(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Succeeded(output) if output.json().len() > OUTPUT_BYTES => Outcome::output_too_large(),
        fits => fits.cut(ERROR_CHARS, CAUSE_CHARS),
    }
}

/// The call for an outcome; `None` where another party reports. Step Functions has no call for a cancellation, which
/// becomes SendTaskFailure with error `Canceled`.
pub fn report(outcome: &Outcome) -> Option<Report<'_>> {
    Some(match outcome {
        Outcome::Succeeded(output) => Report::Success { output: output.json() },
        Outcome::Failed { error, cause } => failure(error, cause),
        Outcome::Canceled { details } => failure(CANCELED, details),
        Outcome::DelegatedTo { .. } => return None,
    })
}

/// Reads an HTTP reply to a report or a heartbeat. Their success is a 200 with an empty body or object and a request
/// id. A 200 with any other body or without the id comes from another party and is not a success.
pub fn reply(
    status: u16,
    error_type: Option<&str>,
    request_id: Option<&str>,
    body: &[u8],
) -> ServiceResponse {
    aws_json::reply(status, error_type, request_id, body)
}

fn failure<'a>(error: &'a str, cause: &'a str) -> Report<'a> {
    let error = if error.is_empty() { STEP_FAILED } else { error };
    Report::Failure {
        error: text::cut(error, ERROR_CHARS),
        cause: (!cause.is_empty()).then(|| text::cut(cause, CAUSE_CHARS)),
    }
}

fn classify(code: &str, message: &str) -> Option<Verdict> {
    let kind = match code {
        // The same after a report, a timeout and an abort. The text differs between regions and emulators.
        "TaskTimedOut" | "TaskDoesNotExist" => return Some(Verdict::Closed),
        "InvalidToken" => ReportErrorKind::InvalidToken,
        "InvalidOutput" => ReportErrorKind::InvalidReport(RejectedPart::OutputForm),
        "KmsThrottlingException" | "ActivityWorkerLimitExceeded" => ReportErrorKind::Throttled,
        "KmsAccessDeniedException" | "KmsInvalidStateException" => ReportErrorKind::Denied,
        // No report has an ARN.
        "ActivityDoesNotExist" | "ExecutionDoesNotExist" | "InvalidArn" => ReportErrorKind::Unexpected,
        "ValidationException" | "ValidationError" => validation(message),
        _ => return aws_json::common_kind(code).map(Verdict::Error),
    };
    Some(Verdict::Error(kind))
}

fn validation(message: &str) -> ReportErrorKind {
    match aws_json::refused_field(message) {
        Some(("taskToken", _)) => ReportErrorKind::InvalidToken,
        Some(("output", reason)) if reason.contains("length") => {
            ReportErrorKind::InvalidReport(RejectedPart::OutputSize)
        }
        Some(("output", _)) => ReportErrorKind::InvalidReport(RejectedPart::OutputForm),
        _ => ReportErrorKind::InvalidReport(RejectedPart::Other),
    }
}

#[cfg(test)]
mod tests;
