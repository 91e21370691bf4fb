use super::*;

fn fnf() -> Reading {
    Reading { service: Some(Service::Fnf), ..Reading::default() }
}

fn read(body: &str) -> Result<(Service, String, String), Unreadable> {
    let task = fnf().task(body)?;
    Ok((task.token.service(), task.token.expose().to_owned(), task.input.get().to_owned()))
}

fn ok(service: Service, token: &str, input: &str) -> Result<(Service, String, String), Unreadable> {
    Ok((service, token.to_owned(), input.to_owned()))
}

#[test]
fn an_envelope_names_its_service() {
    let body = r#"{"service":"swf","taskToken":"t","input": {"n": 1.000000000000000000001},"heartbeatSeconds":30,
                   "execution":{"domain":"d","workflowId":"w","later":1}}"#;
    let task = Reading::default().task(body).unwrap();
    assert_eq!(task.token.service(), Service::Swf);
    assert_eq!(task.input.get(), r#"{"n": 1.000000000000000000001}"#);
    assert_eq!(task.heartbeat, Some(Duration::from_secs(30)));
    assert_eq!(task.execution.workflow_id.as_deref(), Some("w"));
}

#[test]
fn without_an_envelope_the_input_is_the_object_without_its_token() {
    for key in TOKEN_KEYS {
        let body = format!(r#"{{"a":1,"{key}":"t","b":"x"}}"#);
        assert_eq!(read(&body), ok(Service::Fnf, "t", r#"{"a":1,"b":"x"}"#));
    }
    // A member called service that names none of ours belongs to the input.
    let body = r#"{"service":"billing","input":1,"taskToken":"t"}"#;
    assert_eq!(read(body), ok(Service::Fnf, "t", r#"{"service":"billing","input":1}"#));
    let body = r#"{"service":"swf","taskToken":"t"}"#;
    assert_eq!(read(body), ok(Service::Fnf, "t", r#"{"service":"swf"}"#));
}

#[test]
fn a_poll_answer_is_swf_by_its_shape_and_its_input_is_text() {
    let poll = |input: &str| {
        format!(
            r#"{{"taskToken":"t","activityId":"a","startedEventId":6,"activityType":{{"name":"verify","version":"1"}},
                "workflowExecution":{{"workflowId":"w","runId":"r"}},"input":{input}}}"#
        )
    };
    let task = Reading::default().task(&poll(r#""{\"n\":1.0}""#)).unwrap();
    assert_eq!((task.token.service(), task.input.get()), (Service::Swf, r#"{"n":1.0}"#));
    assert_eq!(task.execution.business_key(Service::Swf).as_deref(), Some("w/a"));
    assert_eq!(task.execution.activity_type.as_deref(), Some("verify"));
    assert_eq!(task.execution.started_event_id, Some(6));
    assert_eq!(read(&poll(r#""plain words""#)), ok(Service::Swf, "t", r#""plain words""#));
    assert_eq!(read(&poll("null")), ok(Service::Swf, "t", "null"));
}

#[test]
fn what_brings_no_task_says_why() {
    let long = format!(r#"{{"service":"swf","input":1,"taskToken":"{}"}}"#, "x".repeat(1025));
    for (body, why) in [
        ("no json", Unreadable::NotJson),
        ("[1]", Unreadable::NotAnObject),
        (r#"{"a":1}"#, Unreadable::NoToken),
        (r#"{"taskToken":"a","task_token":"b"}"#, Unreadable::TwoTokens),
        (r#"{"taskToken":"a","taskToken":"b"}"#, Unreadable::TwoTokens),
        (r#"{"service":"fnf","input":1,"taskToken":"a","TaskToken":"a"}"#, Unreadable::TwoTokens),
        (r#"{"taskToken":7}"#, Unreadable::TokenNotText),
        (
            r#"{"service":"fnf","input":1,"taskToken":"a","heartbeatSeconds":"x"}"#,
            Unreadable::Field("heartbeatSeconds"),
        ),
        (
            r#"{"service":"fnf","input":1,"taskToken":"a","heartbeatSeconds":0}"#,
            Unreadable::Field("heartbeatSeconds"),
        ),
        (r#"{"service":"fnf","input":1,"taskToken":"a","execution":5}"#, Unreadable::Field("execution")),
    ] {
        assert_eq!(read(body), Err(why), "{body}");
    }
    assert!(matches!(read(&long), Err(Unreadable::Token(_))));
    assert!(matches!(read(r#"{"taskToken":""}"#), Err(Unreadable::Token(_))));
}

#[test]
fn a_token_without_a_service_is_a_settings_fault() {
    let error = Reading::default().task(r#"{"taskToken":"t"}"#).unwrap_err();
    assert_eq!(error, Unreadable::NoService);
    assert!(error.is_settings_fault() && !Unreadable::NoToken.is_settings_fault());
}

#[test]
fn pointers_name_what_the_flows_author_chose() {
    let reading = Reading {
        token_pointer: Some("/meta/callback".into()),
        input_pointer: Some("/payload".into()),
        ..fnf()
    };
    let task = reading.task(r#"{"meta":{"callback":"t"},"payload":[1]}"#).unwrap();
    assert_eq!((task.token.expose(), task.input.get()), ("t", "[1]"));
    let error = reading.task(r#"{"meta":{"callback":"t"}}"#).unwrap_err();
    assert!(error == Unreadable::NothingAt("TASKBACK_INPUT_POINTER") && error.is_settings_fault());
    let error = reading.task(r#"{"taskToken":"t","payload":1}"#).unwrap_err();
    assert_eq!(error, Unreadable::NothingAt("TASKBACK_TOKEN_POINTER"));

    let reading = Reading { input_pointer: None, ..reading };
    let task = reading.task(r#"{"meta":{"callback":"t","x":1},"payload":[1]}"#).unwrap();
    assert_eq!(task.input.get(), r#"{"meta":{"x":1},"payload":[1]}"#, "the token never reaches the step");
}
