use super::*;

fn why(body: &str) -> String {
    match Request::of(body, Some("message-1")) {
        Err(invalid) => invalid.to_string(),
        Ok(_) => panic!("taken: {body}"),
    }
}

fn started(body: &str, message: Option<&str>) -> (String, Option<String>) {
    match Request::of(body, message) {
        Ok(Request::Start { execution, input, .. }) => (execution, input),
        Ok(Request::Stop { .. }) => panic!("a stop"),
        Err(invalid) => panic!("{invalid}"),
    }
}

#[test]
fn a_start_without_a_name_gets_the_same_one_with_every_delivery() {
    let body = r#"{"action":"start","flowName":"f"}"#;
    let (first, _) = started(body, Some("message-1"));
    assert_eq!(first, started(body, Some("message-1")).0);
    assert_ne!(first, started(body, Some("message-2")).0);
    assert!(first.starts_with("tb-") && first.len() == 67, "{first}");
    assert!(Request::of(body, None).is_err());
}

#[test]
fn a_token_names_its_own_execution() {
    let body = r#"{"action":"start","flowName":"f","callbackFnFTaskToken":"secret"}"#;
    let token = TaskToken::new(Service::Fnf, "secret").unwrap();
    assert_eq!(started(body, None).0, format!("tb-{}", token.fingerprint().hex()));
    let both = r#"{"action":"start","flowName":"f","executionName":"e","callbackFnFTaskToken":"secret"}"#;
    assert!(why(both).contains("executionName must be left out"));
}

#[test]
fn the_inputs_text_stays_as_it_is() {
    let body =
        r#"{"action":"start","flowName":"f","executionName":"e","input":{"n": 1.00000000000000000001}}"#;
    assert_eq!(started(body, None).1.as_deref(), Some(r#"{"n": 1.00000000000000000001}"#));
}

#[test]
fn errors_name_the_field_and_its_limit_and_never_a_value() {
    let long = |n| "x".repeat(n);
    for (body, expected) in [
        ("no json".to_owned(), "the body is not a JSON object"),
        (r#"{"flowName":"f"}"#.to_owned(), "missing field `action`"),
        (r#"{"action":"pause","flowName":"f"}"#.to_owned(), "unknown variant `pause`"),
        (r#"{"action":"start"}"#.to_owned(), "missing field `flowName`"),
        (r#"{"action":"start","flowName":"1st"}"#.to_owned(), "flowName must have 1 to 128"),
        (format!(r#"{{"action":"start","flowName":"{}"}}"#, long(129)), "flowName must have 1 to 128"),
        (r#"{"action":"start","flowName":"f","input":"text"}"#.to_owned(), "input must be a JSON object"),
        (r#"{"action":"start","flowName":"f","extra":1}"#.to_owned(), "unknown field `extra`"),
        (r#"{"action":"start","flowName":7}"#.to_owned(), "a field has the wrong type"),
        (
            format!(r#"{{"action":"start","flowName":"f","callbackFnFTaskToken":"{}"}}"#, long(4097)),
            "1 to 4096",
        ),
        (
            r#"{"action":"start","flowName":"f","executionName":"e","waitSeconds":61}"#.to_owned(),
            "waitSeconds may be 0 to 60",
        ),
        (r#"{"action":"stop","flowName":"f"}"#.to_owned(), "missing field `executionName`"),
        (r#"{"action":"stop","flowName":"f","executionName":"a b"}"#.to_owned(), "executionName must have"),
        (
            r#"{"action":"stop","flowName":"f","executionName":"e","error":""}"#.to_owned(),
            "error has 0 characters",
        ),
        (
            format!(r#"{{"action":"stop","flowName":"f","executionName":"e","cause":"{}"}}"#, long(4097)),
            "cause has 4097 characters, and may have 1 to 4096",
        ),
    ] {
        assert!(why(&body).contains(expected), "{}", why(&body));
    }
    let secret = r#"{"action":"start","flowName":{"t":"secret"},"callbackFnFTaskToken":["secret"]}"#;
    assert!(!why(secret).contains("secret"));
}
