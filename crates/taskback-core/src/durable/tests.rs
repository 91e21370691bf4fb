use super::*;
use crate::judge::judge_response;
use crate::outcome::Output;
use crate::receipt::{PriorAttempts, Receipt};
use crate::report_error::{RejectedPart, ReportErrorKind};
use crate::response::ServiceResponse;
use crate::service::Service;
use crate::token::TaskToken;

fn judge(response: &ServiceResponse) -> Result<Receipt, ReportErrorKind> {
    let token = TaskToken::new(Service::Durable, "dG9rZW4=").unwrap();
    judge_response(&token, response, PriorAttempts::default()).map_err(|error| error.kind)
}

/// The answer as the service gives it: the code in the header, who is to blame in the body.
fn answer(status: u16, code: &str, message: &str) -> Result<Receipt, ReportErrorKind> {
    let body = serde_json::json!({"Type": "User", "Message": message}).to_string();
    judge(&reply(status, Some(&format!("{code}:http://internal.amazon.com/")), Some("id"), body.as_bytes()))
}

#[test]
fn every_documented_code_names_an_action() {
    for (status, code, kind) in [
        (404, "ResourceNotFoundException", ReportErrorKind::InvalidToken),
        (429, "TooManyRequestsException", ReportErrorKind::Throttled),
        (500, "ServiceException", ReportErrorKind::Unavailable),
        (502, "KMSAccessDeniedException", ReportErrorKind::Denied),
        (502, "KMSDisabledException", ReportErrorKind::Denied),
        (502, "KMSInvalidStateException", ReportErrorKind::Denied),
        (502, "KMSNotFoundException", ReportErrorKind::Denied),
        (403, "AccessDeniedException", ReportErrorKind::Denied),
        (403, "UnrecognizedClientException", ReportErrorKind::Denied),
        (403, "ExpiredTokenException", ReportErrorKind::Denied),
        (403, "InvalidSignatureException", ReportErrorKind::Denied),
        (413, "RequestTooLargeException", ReportErrorKind::InvalidReport(RejectedPart::OutputSize)),
        (400, "SerializationException", ReportErrorKind::InvalidReport(RejectedPart::Other)),
    ] {
        assert_eq!(answer(status, code, ""), Err(kind), "{code}");
    }
}

#[test]
fn only_timeout_exception_is_closed() {
    let text = "The callback is either timed out or already completed";
    assert!(matches!(answer(400, "CallbackTimeoutException", text), Ok(Receipt::Closed { .. })));
    // An unknown id has the same text as a malformed one.
    let unknown = answer(400, "InvalidParameterValueException", "Invalid callback id");
    assert_eq!(unknown, Err(ReportErrorKind::InvalidToken));
    let other = answer(400, "InvalidParameterValueException", "ErrorMessage is too long");
    assert_eq!(other, Err(ReportErrorKind::InvalidReport(RejectedPart::Other)));
    let field = "1 validation error detected: Value 'secret' at 'callbackId' failed to satisfy constraint";
    assert_eq!(answer(400, "ValidationException", field), Err(ReportErrorKind::InvalidToken));
}

#[test]
fn success_is_empty_200_with_id() {
    let accepted = ServiceResponse::Accepted { request_id: Some("id".into()) };
    assert_eq!(reply(200, None, Some("id"), b""), accepted);
    for (status, id, body) in [(200, None, ""), (200, Some("id"), "<html>"), (204, Some("id"), "")] {
        let foreign = reply(status, None, id, body.as_bytes());
        assert!(matches!(foreign, ServiceResponse::Refused { code: None, .. }), "{status} {id:?} {body}");
        assert_eq!(judge(&foreign), Err(ReportErrorKind::Unavailable));
    }
}

/// AWS's local runner has no header and the code in the body, where the service has `User`.
#[test]
fn body_type_is_a_code_only_as_exception() {
    let code = |header: Option<&str>, body: &str| match reply(404, header, None, body.as_bytes()) {
        ServiceResponse::Refused { code, message, .. } => (code, message),
        other => panic!("{other:?}"),
    };
    let runner = r#"{"Type":"ResourceNotFoundException","Message":"m"}"#;
    assert_eq!(code(None, runner), (Some("ResourceNotFoundException".into()), "m".into()));
    assert_eq!(code(Some("ServiceException"), runner).0.as_deref(), Some("ServiceException"));
    assert_eq!(code(None, r#"{"Type":"User","message":"m"}"#), (None, "m".into()));
    assert_eq!(code(None, "<html>"), (None, String::new()));
    // Without a request id it is not a receipt.
    let closed = br#"{"Type":"CallbackTimeoutException","Message":"m"}"#;
    assert_eq!(judge(&reply(400, None, None, closed)), Err(ReportErrorKind::Unavailable));
}

#[test]
fn failure_always_has_type_and_message() {
    let body = |outcome: &Outcome| match report(outcome) {
        Some(Report::Failed(error)) => serde_json::to_string(&error).unwrap(),
        other => panic!("{other:?}"),
    };
    for (outcome, expected) in [
        (
            Outcome::failed("Declined", "no \"money\" é"),
            r#"{"ErrorType":"Declined","ErrorMessage":"Declined: no \"money\" é"}"#,
        ),
        (Outcome::failed("Declined", ""), r#"{"ErrorType":"Declined","ErrorMessage":"Declined"}"#),
        (Outcome::failed("", ""), r#"{"ErrorType":"StepFailed","ErrorMessage":"StepFailed"}"#),
        (
            Outcome::Canceled { details: "half".into() },
            r#"{"ErrorType":"Canceled","ErrorMessage":"Canceled: half"}"#,
        ),
    ] {
        assert_eq!(body(&outcome), expected);
    }
    assert!(report(&Outcome::DelegatedTo { to: "x".into() }).is_none());
}

#[test]
fn result_is_the_output_as_written() {
    for json in [r#"{"n": 1.0000000000000000000001}"#, r#""é""#, "null"] {
        let raw = serde_json::value::RawValue::from_string(json.to_owned()).unwrap();
        let outcome = Outcome::Succeeded(Output::from_raw(raw));
        assert!(report(&outcome) == Some(Report::Succeeded { result: json }), "{json}");
    }
}

#[test]
fn fields_stay_within_limits() {
    let canceled = Outcome::Canceled { details: "d".repeat(500_000) };
    for long in [Outcome::failed("é".repeat(400), "🚀".repeat(20_000)), canceled] {
        let Some(Report::Failed(error)) = report(&long) else { panic!() };
        assert!(text::width(&error.error_type) <= ERROR_TYPE_CHARS);
        assert!(text::width(&error.error_message) <= ERROR_MESSAGE_CHARS);
        let fits = enforce_limits(long.clone());
        assert!(report(&fits) == report(&long) && enforce_limits(fits.clone()) == fits);
    }
}

#[test]
fn callback_id_is_base64_of_any_padding() {
    for id in ["a", "Ab3+/x9/+eyJ", "YQ==", "YWI=", &"x".repeat(1024)] {
        assert!(is_callback_id(id), "{id}");
    }
    for id in ["", "=", "==", "a===", "a=b", "a-b", "a b", "é", &"x".repeat(1025)] {
        assert!(!is_callback_id(id), "{id}");
    }
}

#[test]
fn business_key_needs_execution_and_callback() {
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:order:1/durable-execution/o-7/id";
    let read = |json: &str| {
        let members = Members::parse(json).unwrap();
        execution(&members).map(|ids| business_key(&ids))
    };
    let both = format!(r#"{{"durableExecutionArn":"{arn}","callbackName":"charge"}}"#);
    assert_eq!(read(&both), Ok(Some(format!("{arn}/charge"))));
    assert_eq!(read(&format!(r#"{{"DurableExecutionArn":"{arn}"}}"#)), Ok(None));
    assert_eq!(read(r#"{"durableExecutionArn":7}"#), Err(FieldError::WrongType(DURABLE_EXECUTION_ARN)));
}
