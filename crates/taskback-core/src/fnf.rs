//! FnF: its facts, the calls that report an outcome, and the meaning of its error codes.

use std::borrow::Cow;
use std::fmt;

use crate::execution::Execution;
use crate::fields::{FieldError, field};
use crate::members::Members;
use crate::outcome::{CANCELED, Outcome, STEP_FAILED};
use crate::report_error::{RejectedPart, ReportErrorKind};
use crate::response::Verdict;
use crate::spec::{OutputLimit, Refusal, Refusals, ServiceSpec};
use crate::text;

/// All that differs from other services.
pub static SPEC: ServiceSpec = ServiceSpec {
    name: "fnf",
    // FnF documents no limit; its tokens are seen up to 1024 characters.
    max_token_chars: 4096,
    is_token: |_| true,
    token_keys: &[],
    is_reserved_name: true,
    job_member: None,
    output_limit: OutputLimit::Bytes(OUTPUT_BYTES),
    expects_object_output: true,
    report_actions: &["fnf:ReportTaskSucceeded", "fnf:ReportTaskFailed"],
    heartbeat_action: None,
    refusals: Refusals {
        closed: Refusal::new(400, "TaskAlreadyCompleted", "task is completed"),
        throttled: Refusal::new(429, "ResourceThrottled", ""),
        server_error: Refusal::new(500, "InternalServerError", ""),
        too_large: Refusal::new(400, "EntityTooLarge", ""),
        bad_form: Refusal::new(400, "InvalidArgument", "Output must be JSON"),
        denied: Refusal::new(403, "AccessDenied", ""),
    },
    needs: "the feature fnf",
    settings: "FNF_REGION or FNF_ENDPOINT for FnF",
    enforce_limits: |outcome| enforce_limits(outcome, OUTPUT_BYTES),
    business_key,
    // The name of an execution is that of one run.
    business_key_with_run: business_key,
    classify,
    execution,
    execution_text: None,
    poll_answer: None,
};

/// The maximum bytes of UTF-8 in an Output by default: CloudFlow's limit for event data. The old
/// service documents 32 KiB.
pub const OUTPUT_BYTES: usize = 64 * 1024;
/// The maximum characters of an Error (official API reference: 1 to 128).
pub const ERROR_CHARS: usize = 128;
/// The maximum characters of a Cause (official API reference: 1 to 4096).
pub const CAUSE_CHARS: usize = 4096;

/// The name of the flow, in [`Execution`].
pub const FLOW_NAME: &str = "flowName";
/// The name of the execution, in [`Execution`].
pub const EXECUTION_NAME: &str = "executionName";
/// The name of the step, in [`Execution`].
pub const STEP_NAME: &str = "stepName";

/// The call and the fields that report an outcome, within the service's limits.
#[derive(PartialEq, Eq)]
pub enum Report<'a> {
    /// ReportTaskSucceeded.
    Succeeded {
        /// JSON text.
        output: &'a str,
    },
    /// ReportTaskFailed.
    Failed {
        /// 1 to 128 characters.
        error: Cow<'a, str>,
        /// 1 to 4096 characters.
        cause: Option<Cow<'a, str>>,
    },
}

/// Names the call; its fields are the user's.
impl fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Succeeded { .. } => "Succeeded",
            Self::Failed { .. } => "Failed",
        })
    }
}

/// The outcome as it can be reported: texts are cut to their limits, and an output of more than
/// `output_bytes` becomes the fixed failure `OutputTooLarge`.
pub fn enforce_limits(outcome: Outcome, output_bytes: usize) -> Outcome {
    match outcome {
        Outcome::Succeeded(output) if output.json().len() > output_bytes => Outcome::output_too_large(),
        fits => fits.cut(ERROR_CHARS, CAUSE_CHARS),
    }
}

/// The outcome where outputs must be JSON objects: another output becomes the fixed failure
/// `OutputNotObject`. FnF's API takes any JSON; what its flows do with it is not documented.
pub fn require_object(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Succeeded(output) if !output.is_object() => Outcome::output_not_object(),
        fits => fits,
    }
}

/// The call for an outcome; `None` where another party reports. FnF has no call for a
/// cancellation, which becomes ReportTaskFailed with error `Canceled`.
pub fn report(outcome: &Outcome) -> Option<Report<'_>> {
    Some(match outcome {
        Outcome::Succeeded(output) => Report::Succeeded { output: output.json() },
        Outcome::Failed { error, cause } => failed(error, cause),
        Outcome::Canceled { details } => failed(CANCELED, details),
        Outcome::DelegatedTo { .. } => return None,
    })
}

fn execution(ids: &Members<'_>) -> Result<Execution, FieldError> {
    let mut execution = Execution::default();
    for name in [FLOW_NAME, EXECUTION_NAME, STEP_NAME] {
        execution = execution.with_text(name, field(ids, name)?);
    }
    Ok(execution)
}

/// Flow, execution and, where it is known, step.
fn business_key(ids: &Execution) -> Option<String> {
    let step = ids.joined([FLOW_NAME, EXECUTION_NAME, STEP_NAME]);
    step.or_else(|| ids.joined([FLOW_NAME, EXECUTION_NAME]))
}

fn failed<'a>(error: &'a str, cause: &'a str) -> Report<'a> {
    let error = if error.is_empty() { STEP_FAILED } else { error };
    Report::Failed {
        error: text::cut(error, ERROR_CHARS),
        cause: (!cause.is_empty()).then(|| text::cut(cause, CAUSE_CHARS)),
    }
}

fn classify(code: &str, message: &str) -> Option<Verdict> {
    let kind = match code {
        "TaskAlreadyCompleted" => return Some(Verdict::Closed),
        "ResourceThrottled" => ReportErrorKind::Throttled,
        "InternalServerError" | "TaskInvalidState" | "ConcurrentUpdateError" => ReportErrorKind::Unavailable,
        "AccessDenied" | "InvalidAccessKeyID" | "SignatureNotMatch" | "RequestTimeTooSkewed" => {
            ReportErrorKind::Denied
        }
        "EntityTooLarge" => ReportErrorKind::InvalidReport(RejectedPart::OutputSize),
        "InvalidArgument" => invalid_argument(message),
        "MissingRequiredHeader"
        | "MissingRequiredParams"
        | "ActionNotSupported"
        | "APIVersionNotSupported"
        | "UnsupportedMediaType" => ReportErrorKind::InvalidReport(RejectedPart::Other),
        "FlowNotExists"
        | "FlowAlreadyExists"
        | "ExecutionNotExists"
        | "ExecutionAlreadyExists"
        | "ExecutionAlreadyCompleted" => ReportErrorKind::Unexpected,
        _ => return None,
    };
    Some(Verdict::Error(kind))
}

/// The kind of an invalid argument. No code is documented for an unknown token, so the text decides.
/// Where it names nothing that was sent, nothing is guessed and no outcome is replaced: a flow's name may
/// hold the word "output" too.
fn invalid_argument(message: &str) -> ReportErrorKind {
    let text = message.to_ascii_lowercase();
    let mut words = text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-'));
    if text.contains("token") {
        ReportErrorKind::InvalidToken
    } else if words.any(|word| word == "output") {
        ReportErrorKind::InvalidReport(RejectedPart::OutputForm)
    } else {
        ReportErrorKind::InvalidReport(RejectedPart::Other)
    }
}

#[cfg(test)]
mod tests;
