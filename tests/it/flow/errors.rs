//! The documented error tables of StartExecution and StopExecution, row by row, against a scripted service.

use super::*;
use crate::wire::server::{Reply, Server as Wire};

/// The handler's action after an error.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// Repeats the call, which then succeeds.
    Again,
    /// Describes the execution with that name and returns it.
    Asked,
    /// Nacks the message after one call. The error shows only the code, since the service's text may quote
    /// the request.
    Refused,
    /// Nacks the message after one call, until credentials, policy or clock are fixed.
    Denied,
    /// Nacks the message after one call, since the code is unknown.
    Unexpected,
}

use Then::*;

/// The rows that both operations share.
const BOTH: [(u16, &str, Then); 15] = [
    (400, "ActionNotSupported", Refused),
    (400, "APIVersionNotSupported", Refused),
    (400, "EntityTooLarge", Refused),
    (400, "InvalidArgument", Refused),
    (400, "MissingRequiredHeader", Refused),
    (400, "MissingRequiredParams", Refused),
    (403, "AccessDenied", Denied),
    (403, "InvalidAccessKeyID", Denied),
    (403, "RequestTimeTooSkewed", Denied),
    (403, "SignatureNotMatch", Denied),
    (404, "FlowNotExists", Refused),
    (415, "UnsupportedMediaType", Refused),
    (429, "ResourceThrottled", Again),
    (500, "InternalServerError", Again),
    (400, "SomethingNew", Unexpected),
];

#[tokio::test]
async fn start_execution_errors_follow_the_table() {
    for row in BOTH.into_iter().chain([(400, "ExecutionAlreadyExists", Asked)]) {
        check("StartExecution", &start("run"), row).await;
    }
}

#[tokio::test]
async fn stop_execution_errors_follow_the_table() {
    let own = [
        (409, "ConcurrentUpdateError", Again),
        (400, "ExecutionAlreadyCompleted", Asked),
        (404, "ExecutionNotExists", Refused),
    ];
    for row in BOTH.into_iter().chain(own) {
        check("StopExecution", &stop("run"), row).await;
    }
}

#[tokio::test]
async fn lost_or_foreign_response_is_retried() {
    for (operation, body) in [("StartExecution", start("run")), ("StopExecution", stop("run"))] {
        let script = [Reply::Reset, Reply::http(502, "", "<html>Bad Gateway</html>"), execution()];
        let service = Wire::start(script).await;
        let answer = ask(&service, &body).await.unwrap();
        assert_eq!(answer["status"], "Succeeded");
        assert_eq!(calls(&service), [operation; 3]);
    }
}

#[tokio::test]
async fn skewed_clock_is_corrected_from_response_date() {
    let date = "date: Sat, 21 Nov 2020 12:00:00 GMT\r\n";
    let skewed = Reply::http(403, date, r#"{"Code":"RequestTimeTooSkewed","Message":"m","RequestId":"r"}"#);
    let service = Wire::start([skewed, execution()]).await;
    assert_eq!(ask(&service, &start("run")).await.unwrap()["status"], "Succeeded");
    let requests = service.requests();
    assert!(requests[1].line.contains("Timestamp=2020-11-21T12%3A00"), "{}", requests[1].line);
}

async fn check(operation: &'static str, body: &Value, (status, code, then): (u16, &str, Then)) {
    let refusal = json!({"Code": code, "Message": "a text of the service's", "RequestId": "REQ-1"});
    let service = Wire::start([Reply::http(status, "", &refusal.to_string()), execution()]).await;
    let answer = ask(&service, body).await;
    let expected = match then {
        Again => vec![operation, operation],
        Asked => vec![operation, "DescribeExecution"],
        Refused | Denied | Unexpected => vec![operation],
    };
    assert_eq!(calls(&service), expected, "{operation} {code}");
    let why = match (then, answer) {
        (Again | Asked, answer) => {
            assert_eq!(answer.unwrap()["output"], json!({"n": 1}), "{operation} {code}");
            return;
        }
        (_, Err(InvocationError::MessageNacked(why))) => why,
        (_, other) => panic!("{operation} {code}: {other:?}"),
    };
    let expected = match then {
        Refused => &*format!("{operation}: {status} {code} (request id REQ-1)"),
        Denied => "the service did not do it: Denied",
        _ => "the service did not do it: Unexpected",
    };
    assert_eq!(why, expected);
}

async fn ask(service: &Wire, body: &Value) -> Result<Value, InvocationError> {
    handle(&FlowControl::new(client(&service.url)), &direct_event(&body.to_string()), MINUTE).await
}

fn execution() -> Reply {
    let body = json!({
        "FlowName": "verify", "Name": "run", "Status": "Succeeded", "Input": "{}", "Output": r#"{"n":1}"#, "RequestId": "REQ-2"
    });
    Reply::http(200, "", &body.to_string())
}

/// The called operations, in order.
fn calls(service: &Wire) -> Vec<String> {
    let action = |line: &str| {
        line.split(['?', '&', ' ']).find_map(|part| part.strip_prefix("Action=")).map(str::to_owned)
    };
    service.requests().iter().map(|request| action(&request.line).unwrap()).collect()
}
