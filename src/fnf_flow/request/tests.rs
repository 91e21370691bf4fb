use super::*;

fn reason(body: &str) -> String {
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
fn unnamed_start_gets_a_stable_name() {
    let body = r#"{"action":"start","flowName":"f"}"#;
    let (first, _) = started(body, Some("message-1"));
    assert_eq!(first, started(body, Some("message-1")).0);
    assert_ne!(first, started(body, Some("message-2")).0);
    assert!(first.starts_with("tb-") && first.len() == 67, "{first}");
    assert!(Request::read(body, None).is_err());
}

#[test]
fn token_names_its_execution() {
    let body = r#"{"action":"start","flowName":"f","callbackFnFTaskToken":"secret"}"#;
    let token = TaskToken::new(Service::Fnf, "secret").unwrap();
    assert_eq!(started(body, None).0, format!("tb-{}", token.fingerprint().hex()));
    let both = r#"{"action":"start","flowName":"f","executionName":"e","callbackFnFTaskToken":"secret"}"#;
    assert!(reason(both).contains("executionName must be left out"));
}

#[test]
fn derived_names_are_refused_from_senders() {
    let token = TaskToken::new(Service::Fnf, "secret").unwrap();
    let derived = format!("tb-{}", token.fingerprint().hex());
    let (of_a_message, _) = started(r#"{"action":"start","flowName":"f"}"#, Some("message-1"));
    let prefixed = format!("orders-{derived}");
    let longest = format!("{}{derived}", "p".repeat(61));
    for name in
        [&derived, &derived.to_uppercase(), &derived.replace("tb", "tB"), &of_a_message, &prefixed, &longest]
    {
        let body = format!(r#"{{"action":"start","flowName":"f","executionName":"{name}"}}"#);
        let reason = reason(&body);
        assert!(
            reason.starts_with("executionName must not end in tb- and 64 hexadecimal digits: "),
            "{reason}"
        );
        let stop = body.replace("start", "stop");
        assert_eq!(
            Request::read(&stop, None).unwrap().execution_name(),
            name,
            "a stop takes no name from a start"
        );
    }
    let hex = token.fingerprint().hex();
    for name in [
        "tb-1",
        "tb-",
        &format!("tb-{}", &hex[1..]),
        &format!("tb-g{}", &hex[1..]),
        &format!("tb_{hex}"),
        &hex,
    ] {
        let name =
            if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name.to_owned() };
        let body = format!(r#"{{"action":"start","flowName":"f","executionName":"{name}"}}"#);
        assert_eq!(started(&body, None).0, name);
    }
}

/// Not even if the sender chooses the message's id.
#[test]
fn message_never_gets_a_token_name() {
    let token = TaskToken::new(Service::Fnf, "secret").unwrap();
    let (name, _) = started(r#"{"action":"start","flowName":"f"}"#, Some("fnf:secret"));
    assert_ne!(name, format!("tb-{}", token.fingerprint().hex()));
}

#[test]
fn input_may_have_any_depth_and_number() {
    let deep = format!(r#"{{"d":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    for input in [
        &*deep,
        r#"{"n":1e400}"#,
        r#"{"n":12345678901234567890123,"m":-0.0}"#,
        r#"{"a":1,"a":2}"#,
        r#"{"s":"\ud800"}"#,
    ] {
        let body = format!(r#"{{"action":"start","flowName":"f","executionName":"e","input":{input}}}"#);
        assert_eq!(started(&body, None).1.as_deref(), Some(input));
    }
    let none = r#"{"action":"start","flowName":"f","executionName":"e","input":null}"#;
    assert_eq!(started(none, None).1, None);
}

#[test]
fn input_text_is_unchanged() {
    let body =
        r#"{"action":"start","flowName":"f","executionName":"e","input":{"n": 1.00000000000000000001}}"#;
    assert_eq!(started(body, None).1.as_deref(), Some(r#"{"n": 1.00000000000000000001}"#));
}

#[test]
fn errors_name_field_and_limit_only() {
    let long = |n| "x".repeat(n);
    for (body, expected) in [
        ("no json".to_owned(), "the body is not a JSON object"),
        (r#"["start","f","e"]"#.to_owned(), "the body is not a JSON object"),
        (r#"{"action":"start","flowName":"f","flowName":"g"}"#.to_owned(), "duplicate field `flowName`"),
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
        assert!(reason(&body).contains(expected), "{}", reason(&body));
    }
    let secret = r#"{"action":"start","flowName":{"t":"secret"},"callbackFnFTaskToken":["secret"]}"#;
    assert!(!reason(secret).contains("secret"));
}

#[test]
fn only_short_plain_words_are_quoted() {
    for secret in
        ["the secret", "the/secret+token==", &"secret".repeat(7), "a`, expected `secret", "secret\n"]
    {
        let quoted = serde_json::to_string(secret).unwrap();
        let action = reason(&format!(r#"{{"action":{quoted},"flowName":"f"}}"#));
        let key = reason(&format!(r#"{{"action":"start","flowName":"f",{quoted}:1}}"#));
        for (reason, expected) in [(action, "unknown variant "), (key, "unknown field ")] {
            assert!(reason.starts_with(expected), "{reason}");
            assert!(!reason.contains("secret") && reason.len() < 80, "{reason}");
        }
    }
}

#[test]
fn debug_shows_names_only() {
    let body = r#"{"action":"start","flowName":"f","input":{"a":"secret"},"callbackFnFTaskToken":"secret"}"#;
    let shown = format!("{:?}", Request::read(body, None).unwrap());
    assert!(shown.starts_with("Request(start f/tb-") && !shown.contains("secret"), "{shown}");
}
