use super::*;
use crate::envelope::MessageFormat;
use crate::execution::Execution;
use crate::judge::judge_response;
use crate::outcome::Output;
use crate::receipt::{PriorAttempts, Receipt};
use crate::service::Service;
use crate::token::TaskToken;

fn judge(status: u16, code: &str, message: &str) -> Result<Receipt, ReportErrorKind> {
    let body = format!(
        r#"{{"__type":"com.amazonaws.swf.service.v2.model#{code}","message":{}}}"#,
        serde_json::Value::from(message)
    );
    let token = TaskToken::new(Service::Sfn, "token").unwrap();
    let answer = reply(status, None, Some("id"), body.as_bytes());
    judge_response(&token, &answer, PriorAttempts::default()).map_err(|error| error.kind)
}

/// The texts were seen on AWS, of which a report, a timeout and an abort have the same, and in Step Functions Local.
#[test]
fn closed_task_is_judged_by_code() {
    for (code, text) in [
        ("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'"),
        ("TaskTimedOut", "Task Timed Out: 'arn:aws:states:us-east-1:123456789012:execution:m:e'"),
        ("TaskTimedOut", ""),
        ("TaskDoesNotExist", "The activity does not exist"),
    ] {
        assert!(matches!(judge(400, code, text), Ok(Receipt::Closed { .. })), "{code} {text}");
    }
}

#[test]
fn every_documented_code_names_an_action() {
    for (status, code, message, kind) in [
        (400, "InvalidToken", "Invalid Token: 'Invalid token'", ReportErrorKind::InvalidToken),
        (
            400,
            "InvalidOutput",
            "Invalid Output: 'x'",
            ReportErrorKind::InvalidReport(RejectedPart::OutputForm),
        ),
        (400, "KmsThrottlingException", "", ReportErrorKind::Throttled),
        (400, "ThrottlingException", "Rate exceeded", ReportErrorKind::Throttled),
        (400, "ActivityWorkerLimitExceeded", "", ReportErrorKind::Throttled),
        (400, "KmsAccessDeniedException", "", ReportErrorKind::Denied),
        (400, "KmsInvalidStateException", "", ReportErrorKind::Denied),
        (400, "AccessDeniedException", "", ReportErrorKind::Denied),
        (400, "UnrecognizedClientException", "", ReportErrorKind::Denied),
        (400, "ActivityDoesNotExist", "", ReportErrorKind::Unexpected),
        (400, "InvalidArn", "", ReportErrorKind::Unexpected),
        (500, "InternalFailure", "", ReportErrorKind::Unavailable),
        (503, "ServiceUnavailable", "", ReportErrorKind::Unavailable),
    ] {
        assert_eq!(judge(status, code, message), Err(kind), "{code}");
    }
}

#[test]
fn validation_error_is_judged_by_its_field() {
    for (value, field, kind) in [
        ("Value", "output", ReportErrorKind::InvalidReport(RejectedPart::OutputSize)),
        ("Value 'x'", "output", ReportErrorKind::InvalidReport(RejectedPart::OutputSize)),
        ("Value", "taskToken", ReportErrorKind::InvalidToken),
        ("Value", "cause", ReportErrorKind::InvalidReport(RejectedPart::Other)),
        ("Value", "error", ReportErrorKind::InvalidReport(RejectedPart::Other)),
        ("Value ' at 'output' length'", "cause", ReportErrorKind::InvalidReport(RejectedPart::Other)),
    ] {
        let text = format!(
            "1 validation error detected: {value} at '{field}' failed to satisfy constraint: Member must have length \
             less than or equal to 32768"
        );
        assert_eq!(judge(400, "ValidationException", &text), Err(kind), "{value} {field}");
    }
}

#[test]
fn success_is_empty_200_with_id() {
    for body in ["", "{}", " {}\n"] {
        assert!(matches!(reply(200, None, Some("id"), body.as_bytes()), ServiceResponse::Accepted { .. }));
        assert!(matches!(reply(200, None, None, body.as_bytes()), ServiceResponse::Refused { .. }), "no id");
    }
    for body in ["<html></html>", "ok", r#"{"cancelRequested":false}"#, r#"{"EventId":7}"#] {
        let foreign = reply(200, None, Some("id"), body.as_bytes());
        assert!(matches!(foreign, ServiceResponse::Refused { status: 200, .. }), "{body}");
    }
}

#[test]
fn output_is_sent_as_the_step_wrote_it() {
    for json in [r#""text""#, r#"{"n": 1.0000000000000000000001}"#, r#"[ 1e400 ]"#, "null"] {
        let raw = serde_json::value::RawValue::from_string(json.to_owned()).unwrap();
        let outcome = enforce_limits(Outcome::Succeeded(Output::from_raw(raw)));
        assert!(report(&outcome) == Some(Report::Success { output: json }), "{json}");
    }
}

/// A failure without an error name is one that no `Catch` selects.
#[test]
fn failure_always_has_an_error() {
    let call = |outcome: &Outcome| match report(outcome) {
        Some(Report::Failure { error, cause }) => (error.into_owned(), cause.map(Cow::into_owned)),
        _ => panic!(),
    };
    assert_eq!(call(&Outcome::failed("", "")), ("StepFailed".into(), None));
    assert_eq!(call(&Outcome::failed("", "why")), ("StepFailed".into(), Some("why".into())));
    let canceled = Outcome::Canceled { details: "half".into() };
    assert_eq!(call(&canceled), ("Canceled".into(), Some("half".into())));
    assert!(report(&Outcome::DelegatedTo { to: "e".into() }).is_none());
}

/// A cause of 32,769 characters is refused as a whole, and the workflow would wait for its timeout.
#[test]
fn texts_are_cut_to_their_limits() {
    for (error, cause) in [
        ("E".repeat(257), "c".repeat(32_769)),
        ("é".repeat(300), "🚀".repeat(16_385)),
        ("E".into(), "c".into()),
    ] {
        let fits = enforce_limits(Outcome::failed(error, cause));
        let Some(Report::Failure { error, cause: Some(cause) }) = report(&fits) else { panic!() };
        assert!(text::width(&error) <= ERROR_CHARS && text::width(&cause) <= CAUSE_CHARS);
        assert_eq!(enforce_limits(fits.clone()), fits);
    }
}

#[test]
fn output_limit_counts_bytes() {
    let output = |text: String| Outcome::Succeeded(Output::new(&text).unwrap());
    let fits = output("卡".repeat((OUTPUT_BYTES - 2) / 3));
    assert_eq!(enforce_limits(fits.clone()), fits);
    assert_eq!(enforce_limits(output("卡".repeat(OUTPUT_BYTES / 3 + 1))), Outcome::output_too_large());
}

#[test]
fn key_outlives_retries_of_the_state() {
    let read = |execution: &str| {
        let body = format!(r#"{{"service":"sfn","taskToken":"t","input":{{}},"execution":{execution}}}"#);
        MessageFormat::default().message(&body).unwrap()
    };
    let arn = "arn:aws:states:us-east-1:123456789012:execution:orders:7";
    let task = read(&format!(r#"{{"executionArn":"{arn}","stateName":"Charge","retryCount":2}}"#));
    assert_eq!(task.business_key(), Some(format!("{arn}/Charge")));
    assert_eq!(task.business_key_with_run(), task.business_key());
    assert_eq!(task.execution.number(RETRY_COUNT), Some(2));
    let entered = "2026-11-27T10:00:00.000Z";
    let item = format!(
        r#"{{"ExecutionArn":"{arn}","StateName":"Charge","StateEnteredTime":"{entered}","MapItemIndex":0}}"#
    );
    assert_eq!(read(&item).business_key(), Some(format!("{arn}/Charge/{entered}/0")));
    // What `"execution.$": "$$.Execution.Id"` makes.
    let task = read(&format!(r#""{arn}""#));
    assert_eq!((task.execution.text(EXECUTION_ARN), task.business_key()), (Some(arn), None));
    assert_eq!(read("null").execution, Execution::default());
}
