//! Token and input where the settings point to.

use super::*;

#[test]
fn pointers_find_token_and_input() {
    let message_format = MessageFormat {
        token_pointer: Some("/meta/callback".into()),
        input_pointer: Some("/payload".into()),
        ..fnf()
    };
    let task = message_format.task(r#"{"meta":{"callback":"t"},"payload":[1]}"#).unwrap();
    assert_eq!((task.token.expose(), task.input.get()), ("t", "[1]"));
    let error = message_format.task(r#"{"meta":{"callback":"t"}}"#).unwrap_err();
    assert!(
        error == DecodeError::PointerNotFound("TASKBACK_INPUT_POINTER") && error.is_configuration_error()
    );
    let error = message_format.task(r#"{"taskToken":"t","payload":1}"#).unwrap_err();
    assert_eq!(error, DecodeError::PointerNotFound("TASKBACK_TOKEN_POINTER"));

    let message_format = MessageFormat { input_pointer: None, ..message_format };
    let task = message_format.task(r#"{"meta":{"callback":"t","x":1},"payload":[1]}"#).unwrap();
    assert_eq!(task.input.get(), r#"{"meta":{"x":1},"payload":[1]}"#, "the token never reaches the step");
}

#[test]
fn pointer_reads_incomplete_envelope() {
    let swf = MessageFormat { service: Some(Service::Swf), ..MessageFormat::default() };
    let token = MessageFormat { token_pointer: Some("/meta/callback".into()), ..swf.clone() };
    let body = r#"{"service":"SWF","meta":{"callback":"t"}}"#;
    let task = token.task(body).unwrap();
    assert_eq!((task.token.service(), task.input.get()), (Service::Swf, r#"{"service":"SWF","meta":{}}"#));
    let unset = MessageFormat { service: None, ..token.clone() };
    assert_eq!(unset.task(body).unwrap().token.service(), Service::Swf, "the body names its service");
    let fnf = MessageFormat { service: Some(Service::Fnf), ..token.clone() };
    let error = fnf.task(body).unwrap_err();
    assert_eq!(error, DecodeError::OtherService { named: Service::Swf, configured: Service::Fnf });
    let text = "the body's service is swf, but TASKBACK_SERVICE is fnf: correct one of them";
    assert_eq!(error.to_string(), text);
    for nothing in [
        r#"{"service":"swf","taskToken":"t"}"#,
        r#"{"service":"swf","taskToken":"t","meta":{"callback":null}}"#,
    ] {
        assert_eq!(token.task(nothing).unwrap_err(), DecodeError::NoInput(Service::Swf));
    }
    for more in [r#""input":1,"Input":2,"taskToken":"a""#, r#""taskToken":"a","task_token":"b""#] {
        let body = format!(r#"{{"service":"swf","meta":{{"callback":"t"}},{more}}}"#);
        assert_eq!(token.task(&body).unwrap().token.expose(), "t", "{body}");
    }
    let input = MessageFormat { input_pointer: Some("/payload".into()), ..swf };
    let task = input.task(r#"{"service":"swf","taskToken":"t","payload":[1e400]}"#).unwrap();
    assert_eq!((task.token.expose(), task.input.get()), ("t", "[1e400]"));
}

#[test]
fn input_around_token_is_without_it() {
    let message_format = MessageFormat {
        token_pointer: Some("/meta/callback".into()),
        input_pointer: Some("/meta".into()),
        ..fnf()
    };
    let task = message_format.task(r#"{"meta":{"callback":"t","n":1.0}}"#).unwrap();
    assert_eq!(task.input.get(), r#"{"n":1.0}"#);
    let whole = MessageFormat { token_pointer: None, input_pointer: Some(String::new()), ..fnf() };
    assert_eq!(whole.task(r#"{"taskToken":"t","a":1}"#).unwrap().input.get(), r#"{"a":1}"#);
    let same = MessageFormat { input_pointer: Some("/meta/callback".into()), ..message_format };
    let error = same.task(r#"{"meta":{"callback":"t"}}"#).unwrap_err();
    assert_eq!(error, DecodeError::PointerNotFound("TASKBACK_INPUT_POINTER"));
}

#[test]
fn ambiguous_pointer_reads_nothing() {
    let message_format = MessageFormat { token_pointer: Some("/callback".into()), ..fnf() };
    let error = message_format.task(r#"{"callback":"a","callback":"b"}"#).unwrap_err();
    assert_eq!(error, DecodeError::PointerRepeated("TASKBACK_TOKEN_POINTER"));
    let error = message_format.task(r#"{"callback":null}"#).unwrap_err();
    assert_eq!(error, DecodeError::PointerNotFound("TASKBACK_TOKEN_POINTER"));
}
