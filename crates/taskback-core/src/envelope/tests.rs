mod durable;
mod pointers;

use super::*;
use crate::swf;
use crate::token_keys::TOKEN_KEYS;

fn fnf() -> MessageFormat {
    MessageFormat { service: Some(Service::Fnf), ..MessageFormat::default() }
}

fn read(body: &str) -> Result<(Service, String, String), DecodeError> {
    let task = fnf().task(body)?;
    Ok((task.token.service(), task.token.expose().to_owned(), task.input.get().to_owned()))
}

fn ok(service: Service, token: &str, input: &str) -> Result<(Service, String, String), DecodeError> {
    Ok((service, token.to_owned(), input.to_owned()))
}

#[test]
fn envelope_names_its_service() {
    let body = r#"{"service":"swf","taskToken":"t","input": {"n": 1.000000000000000000001},"heartbeatSeconds":30,
                   "execution":{"domain":"d","workflowId":"w","later":1}}"#;
    let task = MessageFormat::default().task(body).unwrap();
    assert_eq!(task.token.service(), Service::Swf);
    assert_eq!(task.input.get(), r#"{"n": 1.000000000000000000001}"#);
    assert_eq!(task.heartbeat, Some(Duration::from_secs(30)));
    assert_eq!(task.execution.text(swf::WORKFLOW_ID), Some("w"));
}

#[test]
fn flat_input_is_without_token() {
    for key in TOKEN_KEYS {
        let body = format!(r#"{{"a":1,"{key}":"t","b":"x"}}"#);
        assert_eq!(read(&body), ok(Service::Fnf, "t", r#"{"a":1,"b":"x"}"#));
    }
    // A member called service that names none of ours belongs to the input.
    let body = r#"{"service":"billing","input":1,"taskToken":"t"}"#;
    assert_eq!(read(body), ok(Service::Fnf, "t", r#"{"service":"billing","input":1}"#));
    let body = r#"{"Service":"haircut","SERVICE":"deluxe","input":1,"Input":2,"taskToken":"t"}"#;
    let input = r#"{"Service":"haircut","SERVICE":"deluxe","input":1,"Input":2}"#;
    assert_eq!(read(body), ok(Service::Fnf, "t", input));
}

#[test]
fn poll_response_is_swf_by_shape() {
    let poll = |input: &str| {
        format!(
            r#"{{"taskToken":"t","activityId":"a","startedEventId":6,"activityType":{{"name":"verify","version":"1"}},
                "workflowExecution":{{"workflowId":"w","runId":"r"}},"input":{input}}}"#
        )
    };
    let task = MessageFormat::default().task(&poll(r#""{\"n\":1.0}""#)).unwrap();
    assert_eq!((task.token.service(), task.input.get()), (Service::Swf, r#"{"n":1.0}"#));
    assert_eq!(task.business_key().as_deref(), Some("w/a"));
    assert_eq!(task.execution.text(swf::ACTIVITY_TYPE), Some("verify"));
    assert_eq!(task.execution.number(swf::STARTED_EVENT_ID), Some(6));
    assert_eq!(read(&poll(r#""plain words""#)), ok(Service::Swf, "t", r#""plain words""#));
    assert_eq!(read(&poll("null")), ok(Service::Swf, "t", "null"));
}

#[test]
fn unreadable_body_names_reason() {
    let long = format!(r#"{{"service":"swf","input":1,"taskToken":"{}"}}"#, "x".repeat(1025));
    for (body, reason) in [
        ("no json", DecodeError::NotJson),
        ("[1]", DecodeError::NotAnObject),
        (r#"{"a":1}"#, DecodeError::NoToken),
        (r#"{"taskToken":"a","task_token":"b"}"#, DecodeError::MultipleTokens),
        (r#"{"taskToken":"a","taskToken":"b"}"#, DecodeError::MultipleTokens),
        (r#"{"service":"fnf","input":1,"taskToken":"a","TaskToken":"a"}"#, DecodeError::MultipleTokens),
        (r#"{"taskToken":"a","TASKTOKEN":"b"}"#, DecodeError::MultipleTokens),
        (r#"{"taskToken":null}"#, DecodeError::NoToken),
        (r#"{"tasktoken":"a"}"#, DecodeError::NoToken),
        (r#"{"taskToken":7}"#, DecodeError::TokenNotString),
        (r#"{"taskToken":"\ud83d"}"#, DecodeError::TokenNotString),
        (
            r#"{"service":"fnf","input":1,"taskToken":"a","heartbeatSeconds":"x"}"#,
            DecodeError::Field("heartbeatSeconds"),
        ),
        (
            r#"{"service":"fnf","input":1,"taskToken":"a","heartbeatSeconds":0}"#,
            DecodeError::Field("heartbeatSeconds"),
        ),
        (r#"{"service":"fnf","input":1,"taskToken":"a","execution":5}"#, DecodeError::Field("execution")),
    ] {
        assert_eq!(read(body), Err(reason), "{body}");
    }
    assert!(matches!(read(&long), Err(DecodeError::Token(_))));
    assert!(matches!(read(r#"{"taskToken":""}"#), Err(DecodeError::Token(_))));
}

#[test]
fn token_without_service_is_configuration_error() {
    let error = MessageFormat::default().task(r#"{"taskToken":"t"}"#).unwrap_err();
    assert_eq!(error, DecodeError::NoService);
    assert!(error.is_configuration_error() && !DecodeError::NoToken.is_configuration_error());
}

#[test]
fn envelope_is_read_in_any_case() {
    for body in [
        r#"{"service":"SWF","taskToken":"t","input":{"a":1.0}}"#,
        r#"{"Service":"Swf","TaskToken":"t","Input":{"a":1.0}}"#,
        r#"{"SERVICE":"swf","task_token":"t","INPUT":{"a":1.0}}"#,
        r#"{"service":"swf","TASK_TOKEN":"t","input":{"a":1.0},"service":null,"Input":null,"taskToken":null}"#,
        r#"{"servic\u0065":"sw\u0066","taskToke\u006e":"t","input":{"a":1.0}}"#,
    ] {
        assert_eq!(read(body), ok(Service::Swf, "t", r#"{"a":1.0}"#), "{body}");
    }
    let body = r#"{"Service":"swf","TaskToken":"t","Input":null,"HeartbeatSeconds":9,"Execution":{"WorkflowId":"w"}}"#;
    let task = MessageFormat::default().task(body).unwrap();
    assert_eq!((task.input.get(), task.heartbeat), ("null", Some(Duration::from_secs(9))));
    assert_eq!(task.execution.text(swf::WORKFLOW_ID), Some("w"));
}

#[test]
fn incomplete_envelope_is_not_a_flat_task() {
    for (body, reason) in [
        (r#"{"service":"swf","taskToken":"t"}"#, DecodeError::NoInput(Service::Swf)),
        (r#"{"SERVICE":"Fnf","taskToken":"t","cardNumber":"1"}"#, DecodeError::NoInput(Service::Fnf)),
        (r#"{"service":"swf","input":1}"#, DecodeError::NoToken),
        (r#"{"service":"swf","input":1,"taskToken":null}"#, DecodeError::NoToken),
        (r#"{"service":"swf","Service":"fnf","taskToken":"t","input":1}"#, DecodeError::Repeated("service")),
        (
            r#"{"service":"haircut","Service":"fnf","taskToken":"t","input":1}"#,
            DecodeError::Repeated("service"),
        ),
        (r#"{"service":"swf","taskToken":"t","input":1,"Input":2}"#, DecodeError::Repeated("input")),
        (r#"{"service":"swf","taskToken":"t","input":1,"input":1}"#, DecodeError::Repeated("input")),
        (
            r#"{"service":"swf","taskToken":"t","input":1,"heartbeatSeconds":1,"HeartbeatSeconds":1}"#,
            DecodeError::Repeated("heartbeatSeconds"),
        ),
        (
            r#"{"service":"swf","taskToken":"t","input":1,"execution":{"runId":"a","RunId":"b"}}"#,
            DecodeError::Field("execution"),
        ),
    ] {
        assert_eq!(read(body), Err(reason), "{body}");
        assert!(!reason.is_configuration_error(), "{reason}");
    }
}

#[test]
fn input_with_repeated_names_passes_raw() {
    let input = r#"{"a":1,"a":12345678901234567890123,"b":{"c":1e400,"c":"\ud83d"},"\ud83d":0}"#;
    let envelope = format!(r#"{{"service":"swf","taskToken":"t","input":{input}}}"#);
    assert_eq!(read(&envelope), ok(Service::Swf, "t", input));
    let flat = format!(r#"{{"taskToken":"t",{}"#, &input[1..]);
    assert_eq!(read(&flat), ok(Service::Fnf, "t", input));
    let twins = r#"{"taskToken":"t","task_token":null,"TaskToken":null,"a":1}"#;
    assert_eq!(read(twins), ok(Service::Fnf, "t", r#"{"task_token":null,"TaskToken":null,"a":1}"#));
}

#[test]
fn poll_response_never_changes_service() {
    let poll = |more: &str| {
        format!(
            r#"{{"TaskToken":"t","StartedEventId":6,"ActivityType":{{"Name":"verify","Version":"1"}},
                "WorkflowExecution":{{"WorkflowId":"w","RunId":"r"}}{more}}}"#
        )
    };
    let task = fnf().task(&poll(r#","ActivityId":"a","Input":"{\"n\":1e400}""#)).unwrap();
    assert_eq!((task.token.service(), task.input.get()), (Service::Swf, r#"{"n":1e400}"#));
    assert_eq!(task.business_key().as_deref(), Some("w/a"));
    assert_eq!(read(&poll(r#","input":{"n": 1.0}"#)), ok(Service::Swf, "t", r#"{"n": 1.0}"#));
    for (more, reason) in [
        (r#","startedEventId":7"#, DecodeError::Repeated("startedEventId")),
        (r#","activityType":{"name":"refund"}"#, DecodeError::Repeated("activityType")),
        (r#","activityId":"a","activityId":"b""#, DecodeError::Repeated("activityId")),
        (r#","activityId":7"#, DecodeError::Field("activityId")),
        (r#","input":"\ud83d""#, DecodeError::Field("input")),
        (r#","service":"fnf""#, DecodeError::NoInput(Service::Fnf)),
    ] {
        assert_eq!(read(&poll(more)), Err(reason), "{more}");
    }
    let nameless = r#"{"taskToken":"t","startedEventId":6,"activityType":{},"workflowExecution":{}}"#;
    assert!(matches!(read(nameless), Err(DecodeError::Field(_))));
    let business = r#"{"taskToken":"t","startedEventId":"6","activityType":"run","workflowExecution":"w"}"#;
    assert_eq!(read(business).unwrap().0, Service::Fnf);
}

/// The text of a message as a state machine's definition makes it, in either of its languages.
#[test]
fn state_machine_messages_are_read() {
    let jsonata = r#"{"taskToken":"t","input":{"n":1.0}}"#;
    let json_path = r#"{"input":{"n":1.0},"TaskToken":"t"}"#;
    for body in [jsonata, json_path] {
        assert_eq!(read(body), ok(Service::Fnf, "t", r#"{"input":{"n":1.0}}"#), "{body}");
    }
    let pointer = MessageFormat { token_pointer: Some("/token".into()), ..fnf() };
    assert_eq!(pointer.task(r#"{"token":"t","a":1}"#).unwrap().input.get(), r#"{"a":1}"#);
    assert_eq!(read(r#"{"token":"t","a":1}"#), Err(DecodeError::NoToken));
}
