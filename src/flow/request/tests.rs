use super::*;

fn why(body: &str) -> String {
    Request::read(body, Some("message-1")).unwrap_err().to_string()
}

fn started(body: &str, message: Option<&str>) -> (String, Option<String>) {
    let request = Request::read(body, message).unwrap();
    match request.action {
        Action::Start { input, .. } => (request.execution, input),
        Action::Stop { .. } => panic!("a stop"),
    }
}

#[test]
fn a_start_without_a_name_gets_the_same_one_with_every_delivery() {
    let body = r#"{"action":"start","flowName":"f"}"#;
    let (first, _) = started(body, Some("message-1"));
    assert_eq!(first, started(body, Some("message-1")).0);
    assert_ne!(first, started(body, Some("message-2")).0);
    assert!(first.starts_with("tb-") && first.len() == 67, "{first}");
    assert!(Request::read(body, None).is_err());
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

#[test]
fn an_unknown_action_or_key_is_quoted_only_as_a_short_plain_word() {
    for secret in
        ["the secret", "the/secret+token==", &"secret".repeat(7), "a`, expected `secret", "secret\n"]
    {
        let quoted = serde_json::to_string(secret).unwrap();
        let action = why(&format!(r#"{{"action":{quoted},"flowName":"f"}}"#));
        let key = why(&format!(r#"{{"action":"start","flowName":"f",{quoted}:1}}"#));
        for (why, expected) in [(action, "unknown variant "), (key, "unknown field ")] {
            assert!(why.starts_with(expected), "{why}");
            assert!(!why.contains("secret") && why.len() < 80, "{why}");
        }
    }
}

#[test]
fn debug_shows_names_only() {
    let body = r#"{"action":"start","flowName":"f","input":{"a":"secret"},"callbackFnFTaskToken":"secret"}"#;
    let shown = format!("{:?}", Request::read(body, None).unwrap());
    assert!(shown.starts_with("Request(start f/tb-") && !shown.contains("secret"), "{shown}");
}
