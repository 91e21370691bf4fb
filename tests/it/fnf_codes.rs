//! FnF's error codes have one meaning for flows and for reports: the client's table and that of reports agree.

use std::collections::BTreeSet;

use aliyun_fnf::ErrorKind as CallError;
use taskback::{ReportErrorKind, Service, ServiceResponse, TaskToken};
use taskback_core::{PriorAttempts, judge_response};

/// The kind of a report's error with that code; `None` = it says that the task is closed.
fn report_error(code: &str) -> Option<ReportErrorKind> {
    let response = ServiceResponse::Refused {
        status: 400,
        code: Some(code.to_owned()),
        message: String::new(),
        request_id: Some("r-1".to_owned()),
    };
    let token = TaskToken::new(Service::Fnf, "t").unwrap();
    judge_response(&token, &response, PriorAttempts::default()).err().map(|error| error.kind)
}

#[test]
fn fnf_codes_agree_with_the_client() {
    for (code, call_error) in CallError::CODES {
        let agrees = match report_error(code) {
            None => call_error == CallError::Completed,
            Some(ReportErrorKind::Throttled) => call_error == CallError::Throttled,
            Some(ReportErrorKind::Unavailable) => {
                matches!(call_error, CallError::Unavailable | CallError::Conflict)
            }
            Some(ReportErrorKind::Denied) => matches!(call_error, CallError::Denied | CallError::Skewed),
            Some(ReportErrorKind::InvalidReport(_)) => {
                matches!(call_error, CallError::Refused | CallError::TooLarge)
            }
            // Codes of calls about flows, which no report gets.
            Some(ReportErrorKind::Unexpected) => {
                matches!(call_error, CallError::NotFound | CallError::AlreadyExists | CallError::Completed)
            }
            _ => false,
        };
        assert!(agrees, "{code}: {call_error:?}, {:?}", report_error(code));
    }
}

/// Reads both sources, since neither table can be asked for the codes that it lacks.
#[test]
fn both_tables_know_every_fnf_code() {
    let source = include_str!("../../crates/taskback-core/src/fnf.rs");
    let classify = source.split("fn classify").nth(1).unwrap().split("\n}\n").next().unwrap();
    let words = classify.split('"').skip(1).step_by(2);
    let known: BTreeSet<&str> = CallError::CODES.iter().map(|(code, _)| *code).collect();
    assert_eq!(words.collect::<BTreeSet<_>>(), known);
}
