//! FnF: the call that tells an outcome, and what its error codes say.

use std::borrow::Cow;

use crate::answer::Verdict;
use crate::outcome::{CANCELED, STEP_FAILED};
use crate::{ErrorKind, Flaw, Outcome, text};

/// The most bytes of UTF-8 in an Output by default: CloudFlow's limit for event data. The old
/// service documents 32 KiB.
pub const OUTPUT_BYTES: usize = 64 * 1024;
/// The most characters of an Error (official API reference: 1 to 128).
pub const ERROR_CHARS: usize = 128;
/// The most characters of a Cause (official API reference: 1 to 4096).
pub const CAUSE_CHARS: usize = 4096;

/// The call and the fields that tell an outcome, within the service's limits.
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

/// The outcome as it can be told: texts are cut to their limits, and an output of more than
/// `output_bytes` becomes the fixed failure `OutputTooLarge`.
pub fn fit(outcome: Outcome, output_bytes: usize) -> Outcome {
    match outcome {
        Outcome::Succeeded(output) if output.json().len() > output_bytes => Outcome::output_too_large(),
        fits => fits.cut(ERROR_CHARS, CAUSE_CHARS),
    }
}

/// The call for an outcome; none for one that somebody else reports. FnF has no call for a
/// cancellation: it becomes ReportTaskFailed with error `Canceled`.
pub fn report(outcome: &Outcome) -> Option<Report<'_>> {
    Some(match outcome {
        Outcome::Succeeded(output) => Report::Succeeded { output: output.json() },
        Outcome::Failed { error, cause } => failed(error, cause),
        Outcome::Canceled { details } => failed(CANCELED, details),
        Outcome::Delegated { .. } => return None,
    })
}

fn failed<'a>(error: &'a str, cause: &'a str) -> Report<'a> {
    let error = if error.is_empty() { STEP_FAILED } else { error };
    Report::Failed {
        error: text::cut(error, ERROR_CHARS),
        cause: (!cause.is_empty()).then(|| text::cut(cause, CAUSE_CHARS)),
    }
}

pub(crate) fn verdict(code: &str, message: &str) -> Option<Verdict> {
    let kind = match code {
        "TaskAlreadyCompleted" => return Some(Verdict::Closed),
        "ResourceThrottled" => ErrorKind::Throttled,
        "InternalServerError" | "TaskInvalidState" | "ConcurrentUpdateError" => ErrorKind::Unavailable,
        "AccessDenied" | "InvalidAccessKeyID" | "SignatureNotMatch" | "RequestTimeTooSkewed" => {
            ErrorKind::Denied
        }
        "EntityTooLarge" => ErrorKind::InvalidReport(Flaw::OutputSize),
        "InvalidArgument" => invalid_argument(message),
        "MissingRequiredHeader"
        | "MissingRequiredParams"
        | "ActionNotSupported"
        | "APIVersionNotSupported"
        | "UnsupportedMediaType" => ErrorKind::InvalidReport(Flaw::Other),
        "FlowNotExists" | "ExecutionNotExists" | "ExecutionAlreadyExists" | "ExecutionAlreadyCompleted" => {
            ErrorKind::Unexpected
        }
        _ => return None,
    };
    Some(Verdict::Error(kind))
}

/// No code is documented for a token that FnF does not know. The text decides, and where it
/// names nothing that we sent, nothing is guessed and no outcome is replaced: a flow's name may hold
/// the word "output" too.
fn invalid_argument(message: &str) -> ErrorKind {
    let text = message.to_ascii_lowercase();
    let mut words = text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-'));
    if text.contains("token") {
        ErrorKind::InvalidToken
    } else if words.any(|word| word == "output") {
        ErrorKind::InvalidReport(Flaw::OutputForm)
    } else {
        ErrorKind::InvalidReport(Flaw::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answer, Earlier, Output, Receipt, Service, TaskToken, read};

    fn kind(status: u16, code: &str, message: &str) -> ErrorKind {
        let token = TaskToken::new(Service::Fnf, "token").unwrap();
        let answer =
            Answer::Refused { status, code: Some(code.into()), message: message.into(), request_id: None };
        read(&token, &answer, Earlier::default()).unwrap_err().kind
    }

    #[test]
    fn every_documented_code_names_an_action() {
        let other = ErrorKind::InvalidReport(Flaw::Other);
        for (status, code, expected) in [
            (429, "ResourceThrottled", ErrorKind::Throttled),
            (500, "InternalServerError", ErrorKind::Unavailable),
            (409, "TaskInvalidState", ErrorKind::Unavailable),
            (409, "ConcurrentUpdateError", ErrorKind::Unavailable),
            (403, "RequestTimeTooSkewed", ErrorKind::Denied),
            (403, "AccessDenied", ErrorKind::Denied),
            (403, "InvalidAccessKeyID", ErrorKind::Denied),
            (403, "SignatureNotMatch", ErrorKind::Denied),
            (400, "EntityTooLarge", ErrorKind::InvalidReport(Flaw::OutputSize)),
            (400, "InvalidArgument", other),
            (400, "MissingRequiredHeader", other),
            (400, "MissingRequiredParams", other),
            (400, "ActionNotSupported", other),
            (400, "APIVersionNotSupported", other),
            (415, "UnsupportedMediaType", other),
            (404, "FlowNotExists", ErrorKind::Unexpected),
            (404, "ExecutionNotExists", ErrorKind::Unexpected),
            (400, "ExecutionAlreadyExists", ErrorKind::Unexpected),
            (400, "ExecutionAlreadyCompleted", ErrorKind::Unexpected),
        ] {
            assert_eq!(kind(status, code, ""), expected, "{code}");
        }
    }

    #[test]
    fn an_invalid_argument_is_what_its_text_names() {
        assert_eq!(kind(400, "InvalidArgument", "TaskToken is invalid"), ErrorKind::InvalidToken);
        let form = ErrorKind::InvalidReport(Flaw::OutputForm);
        assert_eq!(kind(400, "InvalidArgument", "Output must be JSON"), form);
        // A name that somebody chose must not turn a success into a failure.
        let other = ErrorKind::InvalidReport(Flaw::Other);
        for message in ["flow output-router has no role", "flow my_output", "bad step printOutput"] {
            assert_eq!(kind(400, "InvalidArgument", message), other, "{message}");
        }
    }

    #[test]
    fn a_completed_task_is_a_receipt() {
        let token = TaskToken::new(Service::Fnf, "token").unwrap();
        let code = Some("TaskAlreadyCompleted".into());
        let answer = Answer::Refused { status: 400, code, message: String::new(), request_id: None };
        assert!(matches!(read(&token, &answer, Earlier::default()), Ok(Receipt::Closed { .. })));
    }

    #[test]
    fn a_failure_keeps_to_the_limits_and_leaves_an_empty_cause_out() {
        let long = Outcome::failed("E".repeat(500), "🚀".repeat(5000));
        let Some(Report::Failed { error, cause: Some(cause) }) = report(&long) else { panic!() };
        assert!(text::width(&error) <= ERROR_CHARS && text::width(&cause) <= CAUSE_CHARS);
        let empty = Outcome::failed("", "");
        assert!(report(&empty) == Some(Report::Failed { error: "StepFailed".into(), cause: None }));
    }

    #[test]
    fn a_cancellation_is_a_failure_named_canceled() {
        let canceled = Outcome::Canceled { details: "asked".into() };
        let expected = Report::Failed { error: "Canceled".into(), cause: Some("asked".into()) };
        assert!(report(&canceled) == Some(expected));
    }

    #[test]
    fn what_fits_is_told_as_it_is() {
        let long = Outcome::failed("E".repeat(500), "c".repeat(500_000));
        let fits = fit(long.clone(), OUTPUT_BYTES);
        assert!(report(&fits) == report(&long) && fit(fits.clone(), OUTPUT_BYTES) == fits);
    }

    #[test]
    fn an_output_is_told_whole_or_not_at_all() {
        let output = Output::new(&"é".repeat(100)).unwrap();
        let outcome = Outcome::Succeeded(output.clone());
        assert_eq!(fit(outcome.clone(), 202), outcome);
        assert_eq!(fit(outcome.clone(), 201), Outcome::output_too_large());
        assert!(report(&outcome) == Some(Report::Succeeded { output: output.json() }));
    }
}
