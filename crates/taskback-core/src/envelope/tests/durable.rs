//! Callback ids, which are tokens for durable functions only.

use super::*;

fn durable() -> MessageFormat {
    MessageFormat { service: Some(Service::Durable), ..MessageFormat::default() }
}

fn read_durable(body: &str) -> Result<(Service, String, String), DecodeError> {
    let task = durable().message(body)?;
    Ok((task.token.service(), task.token.expose().to_owned(), task.input.get().to_owned()))
}

#[test]
fn callback_id_is_token_only_for_durable() {
    for key in ["callbackId", "callback_id"] {
        let flat = format!(r#"{{"a":1,"{key}":"aWQ=","b":2.0}}"#);
        assert_eq!(read_durable(&flat), ok(Service::Durable, "aWQ=", r#"{"a":1,"b":2.0}"#));
        assert_eq!(read(&flat), Err(DecodeError::NoToken));
        let beside = format!(r#"{{"taskToken":"t","{key}":"aWQ="}}"#);
        assert_eq!(read(&beside), ok(Service::Fnf, "t", &format!(r#"{{"{key}":"aWQ="}}"#)));
        assert_eq!(read_durable(&beside), Err(DecodeError::MultipleTokens));
        let envelope = format!(r#"{{"service":"durable","{key}":"aWQ=","input":[1.0]}}"#);
        assert_eq!(read(&envelope), ok(Service::Durable, "aWQ=", "[1.0]"));
        let other = format!(r#"{{"service":"swf","{key}":"aWQ=","taskToken":"t","input":1}}"#);
        assert_eq!(read_durable(&other), ok(Service::Swf, "t", "1"));
    }
    assert_eq!(read_durable(r#"{"taskToken":"aWQ="}"#), ok(Service::Durable, "aWQ=", "{}"));
    let body = r#"{"Service":"Durable","CallbackID":"aWQ=","Input":1,
                   "execution":{"durableExecutionArn":"a","callbackName":"c"}}"#;
    let task = fnf().task(body).unwrap();
    assert_eq!((task.token.expose(), task.business_key().as_deref()), ("aWQ=", Some("a/c")));
}

/// No report could carry it, so no step runs for it.
#[test]
fn encoded_callback_id_is_unreadable() {
    for id in ["a%2Fb", "a b", "aWQ=x", ".."] {
        let body = format!(r#"{{"service":"durable","callbackId":"{id}","input":1}}"#);
        assert_eq!(read(&body), Err(DecodeError::MalformedToken(Service::Durable)), "{id}");
    }
    let long = format!(r#"{{"service":"durable","callbackId":"{}","input":1}}"#, "x".repeat(1025));
    assert!(matches!(read(&long), Err(DecodeError::Token(_))));
}

#[test]
fn later_service_names_are_not_reserved() {
    let flat = r#"{"service":"durable","taskToken":"t"}"#;
    assert_eq!(read(flat), ok(Service::Fnf, "t", r#"{"service":"durable"}"#));
    assert_eq!(read_durable(flat), Err(DecodeError::NoInput(Service::Durable)));
    let null = r#"{"service":"sfn","taskToken":"t","execution":null}"#;
    assert_eq!(read(null), ok(Service::Fnf, "t", r#"{"service":"sfn","execution":null}"#));
    for more in [r#""execution":{}"#, r#""EXECUTION":null,"execution":1"#] {
        let near_miss = format!(r#"{{"service":"durable","taskToken":"t",{more}}}"#);
        assert_eq!(read(&near_miss), Err(DecodeError::NoInput(Service::Durable)), "{more}");
    }
    assert_eq!(read(r#"{"service":"durable","input":1}"#), Err(DecodeError::NoToken));
    let twice = r#"{"service":"durable","Service":"fnf","taskToken":"t"}"#;
    assert_eq!(read(twice), Err(DecodeError::Repeated("service")));
    let twice = r#"{"service":"durable","Service":"haircut","taskToken":"t"}"#;
    assert_eq!(read(twice), ok(Service::Fnf, "t", r#"{"service":"durable","Service":"haircut"}"#));
}

#[test]
fn wrapped_callback_id_is_unwrapped() {
    let inner = r#"{"callbackId":"aWQ=","a":1}"#;
    let sns = serde_json::json!({"Type": "Notification", "Message": inner}).to_string();
    let rule = format!(r#"{{"detail-type":"x","detail":{inner}}}"#);
    for body in [&sns, &rule] {
        assert_eq!(read_durable(body), ok(Service::Durable, "aWQ=", r#"{"a":1}"#));
        assert_eq!(fnf().message(body).unwrap_err(), DecodeError::NoToken);
    }
    // A body with a token itself is not a wrapper.
    let own = format!(r#"{{"callback_id":"aWQ=","detail-type":"x","detail":{inner}}}"#);
    let input = format!(r#"{{"detail-type":"x","detail":{inner}}}"#);
    assert_eq!(read_durable(&own), ok(Service::Durable, "aWQ=", &input));
    assert_eq!(fnf().message(&own).unwrap_err(), DecodeError::NoToken);
}

#[test]
fn job_document_is_read_for_durable_only() {
    let body = r#"{"version":1,"region":"us-east-1","job":{"callbackId":"aWQ=","heartbeatTimeoutSeconds":60,"input":{"n":1.0}}}"#;
    let task = durable().message(body).unwrap();
    assert_eq!((task.token.expose(), task.input.get()), ("aWQ=", r#"{"n":1.0}"#));
    assert_eq!(task.heartbeat, Some(Duration::from_secs(60)));
    assert_eq!(read(body), Err(DecodeError::NoToken));
    let none = MessageFormat::default().message(body).unwrap_err();
    assert_eq!(none, DecodeError::NoToken);
    for (body, expected) in [
        (
            r#"{"version":1,"job":{"callbackId":"aWQ=","heartbeatTimeoutSeconds":0}}"#,
            ok(Service::Durable, "aWQ=", "null"),
        ),
        (r#"{"job":{"callbackId":"aWQ="}}"#, Err(DecodeError::NoToken)),
        (r#"{"version":null,"job":{"callbackId":"aWQ="}}"#, Err(DecodeError::NoToken)),
        (r#"{"version":1,"Job":{"callbackId":"aWQ="}}"#, Err(DecodeError::NoToken)),
        (r#"{"version":1,"task":{"callbackId":"aWQ="}}"#, Err(DecodeError::NoToken)),
        (r#"{"version":1,"job":{"input":1}}"#, Err(DecodeError::NoToken)),
        (r#"{"version":1,"job":"aWQ="}"#, Err(DecodeError::Field("job"))),
        (r#"{"version":1,"job":{"callbackId":"a","taskToken":"b"}}"#, Err(DecodeError::MultipleTokens)),
        (
            r#"{"version":1,"job":{"callbackId":"a","heartbeatTimeoutSeconds":"x"}}"#,
            Err(DecodeError::Field("heartbeatTimeoutSeconds")),
        ),
        // A flat object is what it was.
        (
            r#"{"callbackId":"a","version":1,"job":{"callbackId":"b"}}"#,
            ok(Service::Durable, "a", r#"{"version":1,"job":{"callbackId":"b"}}"#),
        ),
    ] {
        assert_eq!(read_durable(body), expected, "{body}");
    }
    let pointer = MessageFormat { token_pointer: Some("/job/callbackId".into()), ..durable() };
    assert_eq!(
        pointer.message(body).unwrap().input.get(),
        r#"{"version":1,"region":"us-east-1","job":{"heartbeatTimeoutSeconds":60,"input":{"n":1.0}}}"#
    );
}
