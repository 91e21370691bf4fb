use super::*;
use crate::judge::judge_response;
use crate::outcome::Output;
use crate::receipt::{PriorAttempts, Receipt};
use crate::response::ServiceResponse;
use crate::service::Service;
use crate::token::TaskToken;

fn kind(status: u16, code: &str, message: &str) -> ReportErrorKind {
    let token = TaskToken::new(Service::Fnf, "token").unwrap();
    let answer = ServiceResponse::Refused {
        status,
        code: Some(code.into()),
        message: message.into(),
        request_id: Some("id".into()),
    };
    judge_response(&token, &answer, PriorAttempts::default()).unwrap_err().kind
}

#[test]
fn every_documented_code_names_an_action() {
    let other = ReportErrorKind::InvalidReport(RejectedPart::Other);
    for (status, code, expected) in [
        (429, "ResourceThrottled", ReportErrorKind::Throttled),
        (500, "InternalServerError", ReportErrorKind::Unavailable),
        (409, "TaskInvalidState", ReportErrorKind::Unavailable),
        (409, "ConcurrentUpdateError", ReportErrorKind::Unavailable),
        (403, "RequestTimeTooSkewed", ReportErrorKind::Denied),
        (403, "AccessDenied", ReportErrorKind::Denied),
        (403, "InvalidAccessKeyID", ReportErrorKind::Denied),
        (403, "SignatureNotMatch", ReportErrorKind::Denied),
        (400, "EntityTooLarge", ReportErrorKind::InvalidReport(RejectedPart::OutputSize)),
        (400, "InvalidArgument", other),
        (400, "MissingRequiredHeader", other),
        (400, "MissingRequiredParams", other),
        (400, "ActionNotSupported", other),
        (400, "APIVersionNotSupported", other),
        (415, "UnsupportedMediaType", other),
        (404, "FlowNotExists", ReportErrorKind::Unexpected),
        (404, "ExecutionNotExists", ReportErrorKind::Unexpected),
        (400, "ExecutionAlreadyExists", ReportErrorKind::Unexpected),
        (400, "ExecutionAlreadyCompleted", ReportErrorKind::Unexpected),
    ] {
        assert_eq!(kind(status, code, ""), expected, "{code}");
    }
}

#[test]
fn invalid_argument_is_judged_by_its_text() {
    assert_eq!(kind(400, "InvalidArgument", "TaskToken is invalid"), ReportErrorKind::InvalidToken);
    let form = ReportErrorKind::InvalidReport(RejectedPart::OutputForm);
    assert_eq!(kind(400, "InvalidArgument", "Output must be JSON"), form);
    // A name that a user chose must not turn a success into a failure.
    let other = ReportErrorKind::InvalidReport(RejectedPart::Other);
    for message in ["flow output-router has no role", "flow my_output", "bad step printOutput"] {
        assert_eq!(kind(400, "InvalidArgument", message), other, "{message}");
    }
}

#[test]
fn completed_task_is_receipt() {
    let token = TaskToken::new(Service::Fnf, "token").unwrap();
    let code = Some("TaskAlreadyCompleted".into());
    let answer =
        ServiceResponse::Refused { status: 400, code, message: String::new(), request_id: Some("id".into()) };
    assert!(matches!(judge_response(&token, &answer, PriorAttempts::default()), Ok(Receipt::Closed { .. })));
}

#[test]
fn failure_stays_within_limits() {
    let long = Outcome::failed("E".repeat(500), "🚀".repeat(5000));
    let Some(Report::Failed { error, cause: Some(cause) }) = report(&long) else { panic!() };
    assert!(text::width(&error) <= ERROR_CHARS && text::width(&cause) <= CAUSE_CHARS);
    let empty = Outcome::failed("", "");
    assert!(report(&empty) == Some(Report::Failed { error: "StepFailed".into(), cause: None }));
}

#[test]
fn cancellation_is_failure_canceled() {
    let canceled = Outcome::Canceled { details: "asked".into() };
    let expected = Report::Failed { error: "Canceled".into(), cause: Some("asked".into()) };
    assert!(report(&canceled) == Some(expected));
}

#[test]
fn fitting_outcome_stays() {
    let long = Outcome::failed("E".repeat(500), "c".repeat(500_000));
    let fits = enforce_limits(long.clone(), OUTPUT_BYTES);
    assert!(report(&fits) == report(&long) && enforce_limits(fits.clone(), OUTPUT_BYTES) == fits);
}

#[test]
fn only_required_object_replaces_output() {
    for (json, is_object) in
        [("{}", true), (" {\"a\":1}", true), ("[{}]", false), ("\"{\"", false), ("null", false)]
    {
        let raw = serde_json::value::RawValue::from_string(json.to_owned()).unwrap();
        let outcome = Outcome::Succeeded(Output::from_raw(raw));
        let expected = if is_object { outcome.clone() } else { Outcome::output_not_object() };
        assert_eq!(require_object(outcome.clone()), expected, "{json}");
        assert_eq!(enforce_limits(outcome.clone(), OUTPUT_BYTES), outcome, "{json}");
    }
    for other in [Outcome::failed("E", "c"), Outcome::Canceled { details: String::new() }] {
        assert_eq!(require_object(other.clone()), other);
    }
}

#[test]
fn output_is_reported_whole_or_replaced() {
    let output = Output::new(&"é".repeat(100)).unwrap();
    let outcome = Outcome::Succeeded(output.clone());
    assert_eq!(enforce_limits(outcome.clone(), 202), outcome);
    assert_eq!(enforce_limits(outcome.clone(), 201), Outcome::output_too_large());
    assert!(report(&outcome) == Some(Report::Succeeded { output: output.json() }));
}
