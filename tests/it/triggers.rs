//! Triggers without partial responses, and events of no trigger.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use taskback::{EventError, InvocationError, Service, StepError, Task};

use crate::support::{Rig, envelope, invoke, token};

type Event = fn(&[String]) -> Value;

/// The triggers, each with a function that builds its event from the bodies.
const BATCHES: [(&str, Event); 2] = [("SNS", sns), ("MNS queue", mns_queue)];

fn sns(bodies: &[String]) -> Value {
    let record = |body| json!({"EventSource": "aws:sns", "Sns": {"MessageId": "m", "Message": body}});
    json!({"Records": bodies.iter().map(record).collect::<Vec<_>>()})
}

fn mns_queue(bodies: &[String]) -> Value {
    let event = |body| json!({"specversion": "1.0", "id": "e", "type": "mns:Queue:SendMessage", "data": {"messageBody": body}});
    bodies.iter().map(event).collect()
}

fn raw(event: &Value) -> Box<RawValue> {
    to_raw_value(event).unwrap()
}

/// The other messages of the event run once.
#[tokio::test(start_paused = true)]
async fn one_nack_fails_the_invocation() {
    for (trigger, event) in BATCHES {
        let rig = Rig::new();
        let runs: Arc<Mutex<HashMap<String, u32>>> = Arc::default();
        let counted = Arc::clone(&runs);
        let step = move |task: Task<String>| {
            let run =
                *counted.lock().unwrap().entry(task.input.clone()).and_modify(|runs| *runs += 1).or_insert(1);
            async move {
                if task.input == "twice" && run == 1 { Err(StepError::retryable("not yet")) } else { Ok(()) }
            }
        };
        let taskback = rig.builder().step(step).build().unwrap();
        let bodies = ["a", "twice", "b"].map(|name| envelope(Service::Swf, name, &format!("{name:?}")));
        let event = raw(&event(&bodies));

        let error = invoke(&taskback, &event).await.unwrap_err();
        let why = "the step asked for another delivery (1 of 3)".to_owned();
        assert_eq!(error, InvocationError::MessageNacked(why), "{trigger}");
        assert_eq!(invoke(&taskback, &event).await, Ok(json!({"done": 3})), "{trigger}");
        for (name, expected) in [("a", 1), ("twice", 2), ("b", 1)] {
            assert_eq!(runs.lock().unwrap()[name], expected, "{trigger} {name}");
            assert_eq!(rig.swf.accepted(&token(Service::Swf, name)).len(), 1, "{trigger} {name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn unknown_event_is_described_without_values() {
    let rig = Rig::new();
    let taskback = rig.builder().step(async |_: Task<Value>| Ok::<_, StepError>(())).build().unwrap();
    let secret = "secret/token";
    let unknown = |seen: &str| EventError::UnknownEvent(format!("{seen} instead of an object"));
    for (event, error) in [
        (json!(secret), unknown("a string")),
        (json!([secret]), unknown("an array")),
        (json!([{"taskToken": secret}]), unknown("an array")),
        (json!(7), unknown("a number")),
        (json!(null), unknown("null")),
        (json!(true), unknown("a boolean")),
        (json!([]), EventError::EmptyBatch),
        (json!({"Records": []}), EventError::EmptyBatch),
        (json!({"Records": [{"eventSource": "aws:s3"}]}), EventError::ForeignSource("aws:s3".into())),
        (
            json!({"Records": [{"EventSource": "aws:sns"}, {"EventSource": format!("{secret} {secret}")}]}),
            EventError::ForeignSource("a source of an unusual name".into()),
        ),
        (
            json!({"specversion": "1.0", "type": "oss:ObjectCreated", "data": secret}),
            EventError::ForeignSource("oss:ObjectCreated".into()),
        ),
    ] {
        let rejected = invoke(&taskback, &raw(&event)).await.unwrap_err();
        assert!(!format!("{rejected} {rejected:?}").contains(secret), "{rejected}");
        assert_eq!(rejected, InvocationError::Event(error), "{event}");
    }
}

/// Whatever other trigger it resembles.
#[tokio::test(start_paused = true)]
async fn event_with_token_is_direct() {
    let rig = Rig::new();
    let taskback =
        rig.builder().step(async |task: Task<Value>| Ok::<_, StepError>(task.input)).build().unwrap();
    let inner = envelope(Service::Swf, "inner", "{}");
    for (name, wrapper) in [
        ("eventbridge", json!({"detail-type": "t", "detail": {"taskToken": "t"}})),
        ("stream", json!({"body": inner, "attrs": {}})),
        ("topic", json!({"TopicName": "t", "SubscriptionName": "s", "Message": inner})),
        ("queue", mns_queue(std::slice::from_ref(&inner))[0].clone()),
        ("sqs", json!({"Records": [sqs_record("m", &inner)]})),
        ("sns", sns(std::slice::from_ref(&inner))),
        ("business", json!({"Records": [{"id": 7}]})),
        ("empty", json!({"Records": []})),
        ("failed", json!({"requestContext": {}, "requestPayload": {"taskToken": "t"}})),
    ] {
        let mut event: Value = serde_json::from_str(&envelope(Service::Fnf, name, "1")).unwrap();
        event.as_object_mut().unwrap().extend(wrapper.as_object().unwrap().clone());
        let answer = invoke(&taskback, &raw(&event)).await.unwrap();
        assert_eq!(answer["fingerprint"], token(Service::Fnf, name).fingerprint().hex(), "{name}");
    }
    // With any name in any case, even if the event then cannot be decoded.
    for name in ["TaskToken", "task_token", "TASKTOKEN"] {
        let event = json!({name: "t", "Records": [sqs_record("m", &inner)]});
        let error = invoke(&taskback, &raw(&event)).await.unwrap_err();
        assert!(matches!(error, InvocationError::MessageNacked(_)), "{error:?}");
    }
    assert_eq!(rig.swf.attempts(&token(Service::Swf, "inner")), 0);
}

fn sqs_record(id: &str, body: &str) -> Value {
    json!({"eventSource": "aws:sqs", "messageId": id, "body": body})
}

#[tokio::test(start_paused = true)]
async fn null_token_is_not_direct() {
    let rig = Rig::new();
    let taskback = rig.builder().step(async |_: Task<Value>| Ok::<_, StepError>(())).build().unwrap();
    let event = json!({"taskToken": null, "Records": [sqs_record("m", &envelope(Service::Swf, "m", "{}"))]});
    assert_eq!(invoke(&taskback, &raw(&event)).await, Ok(json!({"batchItemFailures": []})));
    assert_eq!(rig.swf.accepted(&token(Service::Swf, "m")).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn pipe_gets_a_partial_response() {
    let rig = Rig::new();
    let taskback = rig.builder().step(async |_: Task<Value>| Ok::<_, StepError>(())).build().unwrap();
    let event = json!([sqs_record("good", &envelope(Service::Swf, "good", "{}")), sqs_record("bad", "{")]);
    let expected = json!({"batchItemFailures": [{"itemIdentifier": "bad"}]});
    assert_eq!(invoke(&taskback, &raw(&event)).await, Ok(expected));
    assert_eq!(rig.swf.accepted(&token(Service::Swf, "good")).len(), 1);

    let nameless = json!([sqs_record("", "{")]);
    assert_eq!(invoke(&taskback, &raw(&nameless)).await, Err(InvocationError::UnusableMessageId));
    let body = envelope(Service::Swf, "other", "{}");
    for foreign in [
        json!([{"eventSource": "aws:kinesis", "data": "e30="}]),
        json!([sqs_record("m", &body), {"eventSource": "aws:kinesis"}]),
    ] {
        let error = EventError::ForeignSource("aws:kinesis".into());
        assert_eq!(invoke(&taskback, &raw(&foreign)).await, Err(InvocationError::Event(error)));
    }
    assert_eq!(rig.swf.attempts(&token(Service::Swf, "other")), 0);
}

/// Half of a surrogate pair is valid JSON but not Unicode text. Only its own record is unreadable.
#[tokio::test(start_paused = true)]
async fn lone_surrogate_affects_one_record_only() {
    let rig = Rig::new();
    let taskback = rig.builder().step(async |_: Task<Value>| Ok::<_, StepError>(())).build().unwrap();
    let lone = r"\ud83d";
    let good = |id: &str| sqs_record(id, &envelope(Service::Swf, id, "{}")).to_string();
    let with = |id: &str, member: &str| format!("{{{member},{}", &good(id)[1..]);
    let records = [
        format!(r#"{{"eventSource":"aws:sqs","messageId":"body","body":"{lone}"}}"#),
        with("name", &format!(r#""{lone}":1"#)),
        with(
            "attribute",
            &format!(r#""messageAttributes":{{"a":"{lone}"}},"attributes":{{"{lone}":"{lone}"}}"#),
        ),
        with("handle", &format!(r#""receiptHandle":"{lone}","eventSourceARN":"{lone}""#)),
        good("good"),
    ];
    let list = format!("[{}]", records.join(","));
    for event in [list.clone(), format!(r#"{{"{lone}":"{lone}","Records":{list}}}"#)] {
        let event = RawValue::from_string(event).unwrap();
        let expected = json!({"batchItemFailures": [{"itemIdentifier": "body"}]});
        assert_eq!(invoke(&taskback, &event).await, Ok(expected));
    }
    for name in ["name", "attribute", "handle", "good"] {
        assert_eq!(rig.swf.accepted(&token(Service::Swf, name)).len(), 1, "{name}");
    }

    let bodies = [envelope(Service::Swf, "sns", "{}"), lone.to_owned()];
    let event = sns(&bodies).to_string().replace(r"\\ud83d", lone);
    let error = invoke(&taskback, &RawValue::from_string(event).unwrap()).await.unwrap_err();
    let why = "the message has no body, or its body is not Unicode text (1 of 2)";
    assert_eq!(error, InvocationError::MessageNacked(why.into()));
    assert_eq!(rig.swf.accepted(&token(Service::Swf, "sns")).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn event_with_repeated_members_is_nacked() {
    let rig = Rig::new();
    let taskback = rig.builder().step(async |_: Task<Value>| Ok::<_, StepError>(())).build().unwrap();
    let record = |name: &str| sqs_record(name, &envelope(Service::Swf, name, "{}"));
    let events = [
        format!(r#"{{"Records":[{}],"Records":[{}]}}"#, record("a"), record("b")),
        format!(r#"{{"detail-type":"d","detail":{0},"detail":{0}}}"#, envelope(Service::Swf, "a", "{}")),
    ];
    for event in events {
        let error = invoke(&taskback, &RawValue::from_string(event).unwrap()).await.unwrap_err();
        assert!(matches!(error, InvocationError::MessageNacked(_)), "{error:?}");
    }
    let twice =
        format!(r#"{{"Records":[{{"body":"{{}}",{},{}]}}"#, &record("a").to_string()[1..], record("b"));
    let response = invoke(&taskback, &RawValue::from_string(twice).unwrap()).await;
    assert_eq!(response, Ok(json!({"batchItemFailures": [{"itemIdentifier": "a"}]})));
    assert_eq!(rig.swf.attempts(&token(Service::Swf, "a")), 0);
    assert_eq!(rig.swf.accepted(&token(Service::Swf, "b")).len(), 1);
}
