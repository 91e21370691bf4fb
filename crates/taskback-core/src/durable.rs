//! Callbacks of AWS Lambda durable functions: their facts, the calls that report an outcome, and the meaning of their
//! error codes.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use crate::execution::Execution;
use crate::fields::{FieldError, field};
use crate::members::Members;
use crate::outcome::{CANCELED, Outcome, STEP_FAILED};
use crate::spec::{OutputLimit, Refusal, Refusals, ServiceSpec};
use crate::text;

mod answer;

pub use answer::reply;

/// All that differs from other services.
pub static SPEC: ServiceSpec = ServiceSpec {
    name: "durable",
    // The service's own model.
    max_token_chars: ID_CHARS,
    is_token: is_callback_id,
    token_keys: &["callbackId", "callback_id"],
    is_reserved_name: false,
    job_member: Some("job"),
    output_limit: OutputLimit::Bytes(RESULT_BYTES),
    expects_object_output: false,
    report_actions: &[
        "lambda:SendDurableExecutionCallbackSuccess",
        "lambda:SendDurableExecutionCallbackFailure",
    ],
    heartbeat_action: Some("lambda:SendDurableExecutionCallbackHeartbeat"),
    refusals: Refusals {
        closed: Refusal::new(
            400,
            "CallbackTimeoutException",
            "The callback is either timed out or already completed",
        ),
        throttled: Refusal::new(429, "TooManyRequestsException", "Rate exceeded"),
        server_error: Refusal::new(500, "ServiceException", ""),
        too_large: Refusal::new(
            400,
            "InvalidParameterValueException",
            "1 validation error detected: Value at 'result' failed to satisfy constraint: Member must have length \
             less than or equal to 262144",
        ),
        bad_form: Refusal::new(
            400,
            "InvalidParameterValueException",
            "1 validation error detected: Value at 'result' failed to satisfy constraint: Member must satisfy \
             a pattern",
        ),
        denied: Refusal::new(403, "AccessDeniedException", ""),
    },
    needs: "the feature durable and AWS_REGION",
    settings: "AWS_REGION for durable functions",
    enforce_limits,
    business_key,
    // The ARN is that of one run.
    business_key_with_run: business_key,
    classify: answer::classify,
    execution,
    execution_text: Some(DURABLE_EXECUTION_ARN),
    poll_answer: None,
};

/// The maximum characters of a callback id (the service's model).
const ID_CHARS: usize = 1024;
/// The maximum bytes of a result: that of the API's pages. The newest model allows 1,048,576, which not every region
/// may.
pub const RESULT_BYTES: usize = 262_144;
/// The maximum characters of an ErrorType, as in AWS's own reporter.
pub const ERROR_TYPE_CHARS: usize = 256;
/// The maximum characters of an ErrorMessage, as in AWS's own reporter. It begins with the ErrorType.
pub const ERROR_MESSAGE_CHARS: usize = 8192;
/// The characters of the ErrorMessage that remain beside the ErrorType and its separator.
const CAUSE_CHARS: usize = ERROR_MESSAGE_CHARS - ERROR_TYPE_CHARS - SEPARATOR.len();
const SEPARATOR: &str = ": ";

/// The ARN of the durable execution, in [`Execution`].
pub const DURABLE_EXECUTION_ARN: &str = "durableExecutionArn";
/// The name that the function gave to the callback, in [`Execution`].
pub const CALLBACK_NAME: &str = "callbackName";

/// The call and the fields that report an outcome, within the service's limits.
#[derive(PartialEq, Eq)]
pub enum Report<'a> {
    /// SendDurableExecutionCallbackSuccess.
    Succeeded {
        /// JSON text, which the function gets as it is.
        result: &'a str,
    },
    /// SendDurableExecutionCallbackFailure.
    Failed(CallbackError<'a>),
}

/// The body of SendDurableExecutionCallbackFailure. Both fields are always there: a function is not known to go on after
/// a failure without them.
#[derive(PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CallbackError<'a> {
    /// 1 to 256 characters.
    pub error_type: Cow<'a, str>,
    /// 1 to 8192 characters. It names the type too, since functions may see only this text.
    pub error_message: String,
}

/// Names the call; its fields are the user's.
impl fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Succeeded { .. } => "Succeeded",
            Self::Failed(_) => "Failed",
        })
    }
}

/// Names the type only: its fields are the user's.
impl fmt::Debug for CallbackError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackError").finish_non_exhaustive()
    }
}

/// Whether a text may be a callback id: base64, as the service's model has it. Any other is not sent.
pub fn is_callback_id(text: &str) -> bool {
    let id = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
    !id.is_empty() && text.len() <= ID_CHARS && id.bytes().all(is_base64)
}

/// The outcome as it can be reported: texts are cut to their limits, and an output of more than 262,144 bytes becomes
/// the fixed failure `OutputTooLarge`.
pub fn enforce_limits(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Succeeded(output) if output.json().len() > RESULT_BYTES => Outcome::output_too_large(),
        fits => fits.cut(ERROR_TYPE_CHARS, CAUSE_CHARS),
    }
}

/// The call for an outcome; `None` where another party reports. There is no call for a cancellation, which becomes a
/// failure of the type `Canceled`.
pub fn report(outcome: &Outcome) -> Option<Report<'_>> {
    Some(match outcome {
        Outcome::Succeeded(output) => Report::Succeeded { result: output.json() },
        Outcome::Failed { error, cause } => failed(error, cause),
        Outcome::Canceled { details } => failed(CANCELED, details),
        Outcome::DelegatedTo { .. } => return None,
    })
}

fn execution(ids: &Members<'_>) -> Result<Execution, FieldError> {
    let mut execution = Execution::default();
    for name in [DURABLE_EXECUTION_ARN, CALLBACK_NAME] {
        execution = execution.with_text(name, field(ids, name)?);
    }
    Ok(execution)
}

/// Execution and callback: an execution alone may wait for several callbacks.
fn business_key(ids: &Execution) -> Option<String> {
    ids.joined([DURABLE_EXECUTION_ARN, CALLBACK_NAME])
}

fn failed<'a>(error: &'a str, cause: &str) -> Report<'a> {
    let error_type = text::cut(if error.is_empty() { STEP_FAILED } else { error }, ERROR_TYPE_CHARS);
    let error_message = if cause.is_empty() {
        error_type.clone().into_owned()
    } else {
        [&*error_type, SEPARATOR, &*text::cut(cause, CAUSE_CHARS)].concat()
    };
    Report::Failed(CallbackError { error_type, error_message })
}

#[cfg(test)]
mod tests;
