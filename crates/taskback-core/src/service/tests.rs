use super::*;
use crate::judge::judge_response;
use crate::outcome::{Outcome, Output};
use crate::receipt::{PriorAttempts, Receipt};
use crate::report_error::{RejectedPart, ReportError, ReportErrorKind};
use crate::response::ServiceResponse;
use crate::spec::{OutputLimit, Refusal};
use crate::token::TaskToken;

#[test]
fn names_lead_back_to_services() {
    for service in Service::ALL {
        assert_eq!(Service::from_name(service.name()), Some(service));
        assert_eq!(Service::from_name(&service.name().to_uppercase()), None, "exact names only");
    }
}

#[test]
fn refusals_are_judged_by_their_names() {
    for service in Service::ALL {
        let token = TaskToken::new(service, "token").unwrap();
        let judged = |refusal: Refusal| {
            let judged = judge_response(&token, &refusal.response("id"), PriorAttempts::default());
            judged.map_err(|ReportError { kind, .. }| kind)
        };
        let refusals = &service.spec().refusals;
        assert!(matches!(judged(refusals.closed), Ok(Receipt::Closed { .. })), "{service}");
        for (refusal, kind) in [
            (refusals.throttled, ReportErrorKind::Throttled),
            (refusals.server_error, ReportErrorKind::Unavailable),
            (refusals.too_large, ReportErrorKind::InvalidReport(RejectedPart::OutputSize)),
            (refusals.bad_form, ReportErrorKind::InvalidReport(RejectedPart::OutputForm)),
            (refusals.denied, ReportErrorKind::Denied),
        ] {
            assert_eq!(judged(refusal), Err(kind), "{service} {}", refusal.code);
        }
    }
}

/// An output as long as the limit is reported, and a longer one is replaced. Both services count the length of an
/// object's JSON text.
#[test]
fn output_limit_is_the_enforced_one() {
    for service in Service::ALL {
        let (OutputLimit::Bytes(max) | OutputLimit::Chars(max)) = service.spec().output_limit;
        let output = |length: usize| {
            let outcome = Outcome::Succeeded(Output::new(&["x".repeat(length - 4)]).unwrap());
            ((service.spec().enforce_limits)(outcome.clone()), outcome)
        };
        let (fits, outcome) = output(max);
        assert_eq!(fits, outcome, "{service}");
        assert_eq!(output(max + 1).0, Outcome::output_too_large(), "{service}");
    }
}

#[test]
fn other_codes_are_unknown_to_all() {
    for service in Service::ALL {
        let token = TaskToken::new(service, "token").unwrap();
        let response = Refusal::new(400, "SomethingNew", "").response("id");
        assert!(matches!(response, ServiceResponse::Refused { .. }));
        let error = judge_response(&token, &response, PriorAttempts::default()).unwrap_err();
        assert_eq!(error.kind, ReportErrorKind::Unexpected, "{service}");
    }
}
