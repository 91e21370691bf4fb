use super::*;
use crate::{Earlier, Receipt, Service, TaskToken, read};

fn judge(status: u16, code: &str, message: &str) -> Result<Receipt, ErrorKind> {
    let token = TaskToken::new(Service::Swf, "token").unwrap();
    let answer =
        Answer::Refused { status, code: Some(code.into()), message: message.into(), request_id: None };
    read(&token, &answer, Earlier::default()).map_err(|error| error.kind)
}

#[test]
fn every_documented_code_names_an_action() {
    for (status, code, kind) in [
        (400, "ThrottlingException", ErrorKind::Throttled),
        (400, "LimitExceededFault", ErrorKind::Throttled),
        (500, "InternalFailure", ErrorKind::Unavailable),
        (503, "ServiceUnavailable", ErrorKind::Unavailable),
        (400, "OperationNotPermittedFault", ErrorKind::Denied),
        (400, "AccessDeniedException", ErrorKind::Denied),
        (400, "UnrecognizedClientException", ErrorKind::Denied),
        (400, "ExpiredTokenException", ErrorKind::Denied),
        (400, "InvalidSignatureException", ErrorKind::Denied),
        (400, "ValidationException", ErrorKind::InvalidReport(Flaw::Other)),
        (400, "SerializationException", ErrorKind::InvalidReport(Flaw::Other)),
    ] {
        assert_eq!(judge(status, code, ""), Err(kind), "{code}");
    }
}

#[test]
fn an_unknown_resource_is_closed_only_by_its_two_documented_texts() {
    for text in
        ["Unknown activity, scheduledEventId = 5", "Unknown execution: WorkflowExecution=[workflowId=w]"]
    {
        assert!(matches!(judge(400, "UnknownResourceFault", text), Ok(Receipt::Closed { .. })), "{text}");
    }
    for text in ["Unknown domain: d", "Unknown type: t", ""] {
        assert_eq!(judge(400, "UnknownResourceFault", text), Err(ErrorKind::Unexpected), "{text}");
    }
}

#[test]
fn a_validation_error_is_what_its_last_field_names_whatever_the_value_quotes() {
    let text = |value: &str, field: &str| {
        format!(
            "1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: \
             Member must have length less than or equal to 32768"
        )
    };
    let judge = |message: &str| judge(400, "ValidationException", message).unwrap_err();
    assert_eq!(judge(&text("x", "result")), ErrorKind::InvalidReport(Flaw::OutputSize));
    assert_eq!(judge(&text("x", "taskToken")), ErrorKind::InvalidToken);
    assert_eq!(judge(&text("' at 'result' failed: length", "reason")), ErrorKind::InvalidReport(Flaw::Other));
    assert_eq!(judge("Invalid token"), ErrorKind::InvalidToken);
}

#[test]
fn a_success_is_an_empty_200_and_nothing_that_somebody_else_sends() {
    let id = Some("id");
    assert_eq!(reply(200, None, id, b""), Answer::Accepted { request_id: Some("id".into()) });
    assert_eq!(reply(200, None, id, b"{}"), Answer::Accepted { request_id: Some("id".into()) });
    for body in
        ["<?xml version=\"1.0\"?><ListAllMyBucketsResult/>", "<html></html>", "ok", "{\"Code\":\"x\"}"]
    {
        assert!(
            matches!(reply(200, None, None, body.as_bytes()), Answer::Refused { status: 200, .. }),
            "{body}"
        );
    }
}

#[test]
fn a_code_is_read_in_either_spelling() {
    let body = br#"{"__type":"com.amazonaws.swf.base.model#UnknownResourceFault","message":"m"}"#;
    let expected = Answer::Refused {
        status: 400,
        code: Some("UnknownResourceFault".into()),
        message: "m".into(),
        request_id: None,
    };
    assert_eq!(reply(400, None, None, body), expected);
    let header = Some("ThrottlingException:http://internal.amazon.com/coral/com.amazon.coral.availability/");
    let Answer::Refused { code, .. } = reply(400, header, None, b"") else { panic!() };
    assert_eq!(code.as_deref(), Some("ThrottlingException"));
}

#[test]
fn a_json_string_goes_as_its_bare_text_and_all_else_as_it_is() {
    let told = |json: &str| {
        let raw = serde_json::value::RawValue::from_string(json.to_owned()).unwrap();
        let outcome = Outcome::Succeeded(Output::from_raw(raw));
        match report(&outcome) {
            Some(Report::Completed { result }) => result.into_owned(),
            _ => panic!(),
        }
    };
    assert_eq!(told(r#""customer credit card verified""#), "customer credit card verified");
    assert_eq!(told(r#""é""#), "é");
    assert_eq!(told(r#"{"n": 1.0000000000000000000001}"#), r#"{"n": 1.0000000000000000000001}"#);
}

#[test]
fn every_field_keeps_to_its_limit() {
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
fn an_output_is_told_whole_or_not_at_all() {
    let fits = Outcome::Succeeded(Output::new(&"x".repeat(RESULT_CHARS)).unwrap());
    assert_eq!(fit(fits.clone()), fits);
    let rockets = Outcome::Succeeded(Output::new(&"🚀".repeat(RESULT_CHARS / 2 + 1)).unwrap());
    assert_eq!(fit(rockets), Outcome::output_too_large());
}

#[test]
fn what_fits_is_told_as_it_is() {
    let canceled = Outcome::Canceled { details: "d".repeat(500_000) };
    for long in [Outcome::failed("E".repeat(500), "c".repeat(500_000)), canceled] {
        let fits = fit(long.clone());
        assert!(report(&fits) == report(&long) && fit(fits.clone()) == fits);
    }
}
