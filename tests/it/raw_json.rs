//! Numbers, depth and text of inputs and outputs pass unchanged.

use serde_json::value::RawValue;
use taskback::examples::verify_card;
use taskback::testing::{Message, direct_event};
use taskback::{Outcome, Output, Service, UnroutedPolicy};
use taskback::{Router, StepError, StepOutput, Task};

use crate::support::{MINUTE, Rig, envelope, kept, raw_member, token};

/// Values that `serde_json::Value` rounds, refuses or rewrites.
fn values() -> Vec<String> {
    let plain = [
        "1.10000000000000000001",
        "12345678901234567890123",
        "-0",
        "1e400",
        "1.0E+2",
        r#"{"b":1,"a":2,"b":3}"#,
        r#""\u00e9\/\ud83d""#,
        r#"{"\ud83d": [ 1 , 2 ]}"#,
    ];
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    plain.into_iter().map(str::to_owned).chain([deep]).collect()
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

async fn echo(task: Task<Box<RawValue>>) -> Result<StepOutput, StepError> {
    Ok(StepOutput::Succeeded(Output::from_raw(task.input)))
}

#[tokio::test(start_paused = true)]
async fn direct_response_keeps_output_unchanged() {
    for (service, value) in Service::ALL.into_iter().flat_map(|s| values().into_iter().map(move |v| (s, v))) {
        let rig = Rig::new();
        let taskback = rig.builder().step(echo).build().unwrap();
        let event = direct_event(&envelope(service, "m", &value));
        let response = taskback.handle(&event, MINUTE).await.unwrap();
        assert_eq!(raw_member(&response, "output"), value);
        let accepted = rig.of(service).accepted(&token(service, "m"));
        assert_eq!(accepted, [Outcome::Succeeded(Output::from_raw(raw(&value)))]);
        assert!(response.batch_item_failures().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn route_is_found_beside_any_value() {
    for value in values() {
        let rig = Rig::new();
        let router = Router::by_field("/meta/kind").route("verify", echo).unrouted(UnroutedPolicy::Fail);
        let taskback = rig.builder().step(router).build().unwrap();
        let input = format!(r#"{{"x":{value},"meta":{{"y":{value},"kind":"verify"}}}}"#);
        let message = Message::new("m", envelope(Service::Swf, "m", &input));
        assert_eq!(kept(&taskback, &[message]).await, [""; 0]);
        let accepted = rig.swf.accepted(&token(Service::Swf, "m"));
        assert_eq!(accepted, [Outcome::Succeeded(Output::from_raw(raw(&input)))]);
    }
}

#[tokio::test(start_paused = true)]
async fn route_without_text_at_its_pointer_is_unknown() {
    for (pointer, input) in [
        ("/kind", r#"{"kind":7}"#),
        ("/kind", r#"{"kind":null}"#),
        ("/kind", r#"{"kind":"\ud83d"}"#),
        ("/kind", r#"{"Kind":"verify"}"#),
        ("/0/kind", r#"[]"#),
        ("/+0", r#"["verify"]"#),
        ("kind", r#"{"kind":"verify"}"#),
        ("verify", r#""verify""#),
    ] {
        let rig = Rig::new();
        let router = Router::by_field(pointer).route("verify", echo).unrouted(UnroutedPolicy::Fail);
        let taskback = rig.builder().step(router).build().unwrap();
        let message = Message::new("m", envelope(Service::Swf, "m", input));
        assert_eq!(kept(&taskback, &[message]).await, [""; 0]);
        let accepted = rig.swf.accepted(&token(Service::Swf, "m"));
        assert!(
            matches!(&accepted[..], [Outcome::Failed { error, .. }] if error == "UnknownType"),
            "{input}"
        );
    }
}

/// As most parsers do. Only serde's derived types reject them.
#[tokio::test(start_paused = true)]
async fn typed_step_reads_last_repeated_name() {
    for other in values() {
        let rig = Rig::new();
        let taskback = rig.builder().step(verify_card).build().unwrap();
        let input = format!(
            r#"{{"cardNumber":"4111 1111 1111 1112","x":{other},"x":{other},"cardNumber":"4111 1111 1111 1111"}}"#
        );
        let message = Message::new("m", envelope(Service::Swf, "m", &input));
        assert_eq!(kept(&taskback, &[message]).await, [""; 0]);
        let accepted = rig.swf.accepted(&token(Service::Swf, "m"));
        let valid = raw(r#"{"cardNumber":"**** **** **** 1111","valid":true}"#);
        assert_eq!(accepted, [Outcome::Succeeded(Output::from_raw(valid))], "{other}");
    }
}
