use crate::receipt::{PriorAttempts, Receipt};
use crate::report_error::{RejectedPart, ReportError, ReportErrorKind};
use crate::response::{ServiceResponse, Verdict};
use crate::token::TaskToken;

/// The maximum length of a service's text in an error, and of its codes and ids.
const MESSAGE_CHARS: usize = 300;
const NAME_CHARS: usize = 128;

/// Judges the answer to one attempt to report `token`, given the facts about earlier ones.
pub fn judge_response(
    token: &TaskToken,
    response: &ServiceResponse,
    prior: PriorAttempts,
) -> Result<Receipt, ReportError> {
    let (status, code, message, request_id) = match response {
        ServiceResponse::Accepted { request_id } => {
            return Ok(Receipt::Recorded { request_id: request_id.clone() });
        }
        ServiceResponse::NoResponse { sent, reason } => {
            return Err(no_receipt(token, ReportErrorKind::Unavailable, *sent, reason));
        }
        ServiceResponse::NotSent { kind, reason } => return Err(no_receipt(token, *kind, false, reason)),
        ServiceResponse::Refused { status, code, message, request_id } => {
            (*status, code, message, request_id)
        }
    };
    let known = code.as_deref().filter(|_| status >= 400);
    let known = known.and_then(|code| (token.service().spec().classify)(code, message));
    // Without a known code of the service the status decides. A status below 400 that is not the
    // service's own success is a proxy's: the report may have been accepted or not.
    let verdict = known.unwrap_or(Verdict::Error(match status {
        429 => ReportErrorKind::Throttled,
        ..400 | 408 | 500.. => ReportErrorKind::Unavailable,
        _ => ReportErrorKind::Unexpected,
    }));
    let verdict = match verdict {
        // A receipt is the service's own answer only, and that always has an id.
        Verdict::Closed if request_id.is_none() => Verdict::Error(ReportErrorKind::Unavailable),
        // So is the refusal after which a failure replaces an output.
        Verdict::Error(ReportErrorKind::InvalidReport(
            RejectedPart::OutputSize | RejectedPart::OutputForm,
        )) if request_id.is_none() => Verdict::Error(ReportErrorKind::Unavailable),
        verdict => verdict,
    };
    match verdict {
        Verdict::Closed => Ok(Receipt::Closed { closed_by: prior.closed_by() }),
        Verdict::Error(kind) => Err(ReportError {
            kind,
            // A conflict says "not now".
            may_have_been_accepted: kind == ReportErrorKind::Unavailable && status != 409,
            status: Some(status),
            code: code.as_deref().map(|code| token.redact_line(code, NAME_CHARS)),
            message: token.redact_line(without_echo(message), MESSAGE_CHARS),
            request_id: request_id.as_deref().map(|id| token.redact_line(id, NAME_CHARS)),
        }),
    }
}

fn no_receipt(
    token: &TaskToken,
    kind: ReportErrorKind,
    may_have_been_accepted: bool,
    reason: &str,
) -> ReportError {
    let message = token.redact_line(reason, MESSAGE_CHARS);
    ReportError { kind, may_have_been_accepted, status: None, code: None, message, request_id: None }
}

/// The text without quoted values. A validation error quotes the value that it refuses, which may be
/// the token or the user's output: only the text after the last quoted value stays.
fn without_echo(message: &str) -> &str {
    match message.rfind("' at '") {
        Some(at) => &message[at + 2..],
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::ClosedBy;
    use crate::service::Service;

    fn token(service: Service) -> TaskToken {
        TaskToken::new(service, "the/secret+token=").unwrap()
    }

    fn refused(status: u16, code: Option<&str>, message: &str) -> ServiceResponse {
        let request_id = Some("id".into());
        ServiceResponse::Refused { status, code: code.map(Into::into), message: message.into(), request_id }
    }

    fn closed(prior: PriorAttempts) -> ClosedBy {
        let answer = refused(400, Some("TaskAlreadyCompleted"), "");
        match judge_response(&token(Service::Fnf), &answer, prior).unwrap() {
            Receipt::Closed { closed_by } => closed_by,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn closed_by_follows_prior_attempts() {
        let first = PriorAttempts { receive_count: Some(1), ..PriorAttempts::default() };
        assert_eq!(closed(first), ClosedBy::Other);
        assert_eq!(closed(PriorAttempts { lost_answer: true, ..first }), ClosedBy::ProbablyUs);
        assert_eq!(closed(PriorAttempts { found_decided: true, ..first }), ClosedBy::ProbablyUs);
        assert_eq!(closed(PriorAttempts { receive_count: Some(2), ..first }), ClosedBy::ProbablyUs);
        assert_eq!(closed(PriorAttempts::default()), ClosedBy::Unknown);
    }

    #[test]
    fn unknown_code_is_judged_by_status() {
        for service in [Service::Fnf, Service::Swf] {
            for (status, code, kind) in [
                (502, None, ReportErrorKind::Unavailable),
                (503, Some("SomethingNew"), ReportErrorKind::Unavailable),
                (429, None, ReportErrorKind::Throttled),
                (200, None, ReportErrorKind::Unavailable),
                (200, Some("TaskAlreadyCompleted"), ReportErrorKind::Unavailable),
                (302, Some("UnknownResourceFault"), ReportErrorKind::Unavailable),
                (403, None, ReportErrorKind::Unexpected),
                (400, Some("SomethingNew"), ReportErrorKind::Unexpected),
            ] {
                let error = judge_response(
                    &token(service),
                    &refused(status, code, "<html>"),
                    PriorAttempts::default(),
                );
                assert_eq!(error.unwrap_err().kind, kind, "{service} {status} {code:?}");
            }
        }
    }

    #[test]
    fn closed_without_request_id_is_not_receipt() {
        for (service, code, message) in [
            (Service::Fnf, "TaskAlreadyCompleted", "task is completed"),
            (Service::Swf, "UnknownResourceFault", "Unknown activity, scheduledEventId = 5"),
        ] {
            let ServiceResponse::Refused { status, code, message, .. } = refused(400, Some(code), message)
            else {
                panic!()
            };
            let answer = ServiceResponse::Refused { status, code, message, request_id: None };
            let error = judge_response(&token(service), &answer, PriorAttempts::default()).unwrap_err();
            assert_eq!(
                (error.kind, error.may_have_been_accepted),
                (ReportErrorKind::Unavailable, true),
                "{service}"
            );
        }
    }

    /// Else another party's answer could replace the output by a failure.
    #[test]
    fn refused_output_without_request_id_is_retried() {
        for service in Service::ALL {
            let refusals = &service.spec().refusals;
            for refusal in [refusals.too_large, refusals.bad_form] {
                let own = refusal.response("id");
                let ServiceResponse::Refused { status, code, message, .. } = own.clone() else { panic!() };
                let foreign = ServiceResponse::Refused { status, code, message, request_id: None };
                let kind = |answer: &ServiceResponse| {
                    judge_response(&token(service), answer, PriorAttempts::default()).unwrap_err().kind
                };
                assert!(matches!(kind(&own), ReportErrorKind::InvalidReport(_)), "{service}");
                assert_eq!(kind(&foreign), ReportErrorKind::Unavailable, "{service}");
            }
        }
    }

    #[test]
    fn only_unsent_report_is_certainly_not_accepted() {
        let maybe = |answer: &ServiceResponse| {
            judge_response(&token(Service::Swf), answer, PriorAttempts::default())
                .unwrap_err()
                .may_have_been_accepted
        };
        assert!(!maybe(&ServiceResponse::NoResponse { sent: false, reason: "refused".into() }));
        assert!(!maybe(&ServiceResponse::NotSent {
            kind: ReportErrorKind::Denied,
            reason: "no credentials".into()
        }));
        assert!(maybe(&ServiceResponse::NoResponse { sent: true, reason: "reset".into() }));
        assert!(maybe(&refused(500, Some("InternalFailure"), "")));
        assert!(maybe(&refused(200, None, "<xml/>")));
        assert!(!maybe(&refused(400, Some("ThrottlingException"), "Rate exceeded")));
    }

    /// "Not now" is retried, and is not a sign that the report was accepted.
    #[test]
    fn conflict_is_retried() {
        for code in ["TaskInvalidState", "ConcurrentUpdateError"] {
            let error =
                judge_response(&token(Service::Fnf), &refused(409, Some(code), ""), PriorAttempts::default());
            let error = error.unwrap_err();
            assert_eq!(
                (error.kind, error.may_have_been_accepted),
                (ReportErrorKind::Unavailable, false),
                "{code}"
            );
        }
    }

    #[test]
    fn error_shows_neither_token_nor_echo() {
        let message = "1 validation error detected: Value 'my output the/secret+token=' at 'result' failed to \
                       satisfy constraint: Member must have length less than or equal to 32768";
        let answer = refused(400, Some("ValidationException"), message);
        let error = judge_response(&token(Service::Swf), &answer, PriorAttempts::default()).unwrap_err();
        assert!(error.to_string().contains("at 'result' failed"), "{error}");
        let shown = format!("{error} {error:?} {answer:?}");
        assert!(!shown.contains("secret") && !shown.contains("my output"), "{shown}");

        let lost = ServiceResponse::NoResponse {
            sent: true,
            reason: "reset by https://x/?TaskToken=the%2Fsecret%2Btoken%3D".into(),
        };
        let error = judge_response(&token(Service::Fnf), &lost, PriorAttempts::default()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    }

    #[test]
    fn debug_shows_only_plain_codes() {
        let quotes = "Value 'the/secret+token=' at 'taskToken'";
        for (code, shown) in [("com.amazon_a-1", "com.amazon_a-1"), (quotes, "with an unusual code")] {
            let answer = refused(400, Some(code), "");
            assert_eq!(format!("{answer:?}"), format!("Refused(400 {shown})"));
        }
    }
}
