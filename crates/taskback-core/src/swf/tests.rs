use super::*;
use crate::judge::judge_response;
use crate::receipt::{PriorAttempts, Receipt};
use crate::service::Service;
use crate::token::TaskToken;

fn judge(status: u16, code: &str, message: &str) -> Result<Receipt, ReportErrorKind> {
    let token = TaskToken::new(Service::Swf, "token").unwrap();
    let answer = ServiceResponse::Refused {
        status,
        code: Some(code.into()),
        message: message.into(),
        request_id: Some("id".into()),
    };
    judge_response(&token, &answer, PriorAttempts::default()).map_err(|error| error.kind)
}

#[test]
fn every_documented_code_names_an_action() {
    for (status, code, kind) in [
        (400, "ThrottlingException", ReportErrorKind::Throttled),
        (400, "LimitExceededFault", ReportErrorKind::Throttled),
        (500, "InternalFailure", ReportErrorKind::Unavailable),
        (503, "ServiceUnavailable", ReportErrorKind::Unavailable),
        (400, "OperationNotPermittedFault", ReportErrorKind::Denied),
        (400, "AccessDeniedException", ReportErrorKind::Denied),
        (400, "UnrecognizedClientException", ReportErrorKind::Denied),
        (400, "ExpiredTokenException", ReportErrorKind::Denied),
        (400, "InvalidSignatureException", ReportErrorKind::Denied),
        (400, "ValidationException", ReportErrorKind::InvalidReport(RejectedPart::Other)),
        (400, "SerializationException", ReportErrorKind::InvalidReport(RejectedPart::Other)),
    ] {
        assert_eq!(judge(status, code, ""), Err(kind), "{code}");
    }
}

#[test]
fn unknown_resource_is_closed_by_documented_texts() {
    for text in
        ["Unknown activity, scheduledEventId = 5", "Unknown execution: WorkflowExecution=[workflowId=w]"]
    {
        assert!(matches!(judge(400, "UnknownResourceFault", text), Ok(Receipt::Closed { .. })), "{text}");
    }
    for text in ["Unknown domain: d", "Unknown type: t", ""] {
        assert_eq!(judge(400, "UnknownResourceFault", text), Err(ReportErrorKind::Unexpected), "{text}");
    }
}

#[test]
fn validation_error_is_judged_by_last_field() {
    let text = |value: &str, field: &str| {
        format!(
            "1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: \
             Member must have length less than or equal to 32768"
        )
    };
    let judge = |message: &str| judge(400, "ValidationException", message).unwrap_err();
    assert_eq!(judge(&text("x", "result")), ReportErrorKind::InvalidReport(RejectedPart::OutputSize));
    assert_eq!(judge(&text("x", "taskToken")), ReportErrorKind::InvalidToken);
    assert_eq!(
        judge(&text("' at 'result' failed: length", "reason")),
        ReportErrorKind::InvalidReport(RejectedPart::Other)
    );
    assert_eq!(judge("Invalid token"), ReportErrorKind::InvalidToken);
}

#[test]
fn success_is_empty_200_with_id() {
    let id = Some("id");
    assert_eq!(reply(200, None, id, b""), ServiceResponse::Accepted { request_id: Some("id".into()) });
    assert_eq!(reply(200, None, id, b"{}"), ServiceResponse::Accepted { request_id: Some("id".into()) });
    for body in
        ["<?xml version=\"1.0\"?><ListAllMyBucketsResult/>", "<html></html>", "ok", "{\"Code\":\"x\"}"]
    {
        let foreign = reply(200, None, id, body.as_bytes());
        assert!(matches!(foreign, ServiceResponse::Refused { status: 200, .. }), "{body}");
    }
    for body in ["", "{}"] {
        let foreign = reply(200, None, None, body.as_bytes());
        assert!(matches!(foreign, ServiceResponse::Refused { status: 200, .. }), "no request id");
    }
    assert!(matches!(reply(204, None, id, b""), ServiceResponse::Refused { status: 204, .. }));
}

#[test]
fn code_is_read_in_either_spelling() {
    let body = br#"{"__type":"com.amazonaws.swf.base.model#UnknownResourceFault","message":"m"}"#;
    let expected = ServiceResponse::Refused {
        status: 400,
        code: Some("UnknownResourceFault".into()),
        message: "m".into(),
        request_id: None,
    };
    assert_eq!(reply(400, None, None, body), expected);
    let header = Some("ThrottlingException:http://internal.amazon.com/coral/com.amazon.coral.availability/");
    let ServiceResponse::Refused { code, .. } = reply(400, header, None, b"") else { panic!() };
    assert_eq!(code.as_deref(), Some("ThrottlingException"));
}

#[test]
fn json_string_is_sent_as_bare_text() {
    let sent = |json: &str| {
        let raw = serde_json::value::RawValue::from_string(json.to_owned()).unwrap();
        let outcome = Outcome::Succeeded(Output::from_raw(raw));
        match report(&outcome) {
            Some(Report::Completed { result }) => result.into_owned(),
            _ => panic!(),
        }
    };
    assert_eq!(sent(r#""customer credit card verified""#), "customer credit card verified");
    assert_eq!(sent(r#""é""#), "é");
    assert_eq!(sent(r#"{"n": 1.0000000000000000000001}"#), r#"{"n": 1.0000000000000000000001}"#);
}

#[test]
fn fields_stay_within_limits() {
    let outcome = Outcome::failed("é".repeat(400), "🚀".repeat(20000));
    let Some(Report::Failed { reason, details: Some(details) }) = report(&outcome) else { panic!() };
    assert!(text::width(&reason) <= REASON_CHARS && text::width(&details) <= DETAILS_CHARS);
    let outcome = Outcome::Canceled { details: "x".repeat(40000) };
    let Some(Report::Canceled { details: Some(details) }) = report(&outcome) else { panic!() };
    assert!(text::width(&details) <= DETAILS_CHARS);
    assert!(text::width(&heartbeat_details(&"x".repeat(4000))) <= HEARTBEAT_CHARS);
    assert!(report(&Outcome::failed("E", "")) == Some(Report::Failed { reason: "E".into(), details: None }));
}

#[test]
fn output_is_reported_whole_or_replaced() {
    let fits = Outcome::Succeeded(Output::new(&"x".repeat(RESULT_CHARS)).unwrap());
    assert_eq!(enforce_limits(fits.clone()), fits);
    let rockets = Outcome::Succeeded(Output::new(&"🚀".repeat(RESULT_CHARS / 2 + 1)).unwrap());
    assert_eq!(enforce_limits(rockets), Outcome::output_too_large());
}

#[test]
fn fitting_outcome_stays() {
    let canceled = Outcome::Canceled { details: "d".repeat(500_000) };
    for long in [Outcome::failed("E".repeat(500), "c".repeat(500_000)), canceled] {
        let fits = enforce_limits(long.clone());
        assert!(report(&fits) == report(&long) && enforce_limits(fits.clone()) == fits);
    }
}
