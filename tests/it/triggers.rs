//! Triggers that know no partial answer, and events of nobody.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use taskback::core::Service;
use taskback::{EventError, InvocationError, StepError, Task};

use crate::support::{Rig, envelope, invoke, token};

type Event = fn(&[String]) -> Value;

/// Each brings these bodies.
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

#[tokio::test(start_paused = true)]
async fn one_kept_message_fails_the_invocation_and_its_siblings_run_once() {
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
        assert_eq!(error, InvocationError::Kept(why), "{trigger}");
        assert_eq!(invoke(&taskback, &event).await, Ok(json!({"done": 3})), "{trigger}");
        for (name, expected) in [("a", 1), ("twice", 2), ("b", 1)] {
            assert_eq!(runs.lock().unwrap()[name], expected, "{trigger} {name}");
            assert_eq!(rig.swf.accepted(&token(Service::Swf, name)).len(), 1, "{trigger} {name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_sends_is_an_error_that_says_what_was_seen_and_no_value() {
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
        let told = invoke(&taskback, &raw(&event)).await.unwrap_err();
        assert!(!format!("{told} {told:?}").contains(secret), "{told}");
        assert_eq!(told, InvocationError::Event(error), "{event}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_holds_a_token_itself_is_a_direct_invocation_whatever_else_it_looks_like() {
    let rig = Rig::new();
    let taskback =
        rig.builder().step(async |task: Task<Value>| Ok::<_, StepError>(task.input)).build().unwrap();
    let inner = envelope(Service::Swf, "inner", "{}");
    for (name, wrapper) in [
        ("eventbridge", json!({"detail-type": "t", "detail": {"taskToken": "t"}})),
        ("stream", json!({"body": inner, "attrs": {}})),
        ("topic", json!({"TopicName": "t", "SubscriptionName": "s", "Message": inner})),
        ("queue", mns_queue(std::slice::from_ref(&inner))[0].clone()),
    ] {
        let mut event: Value = serde_json::from_str(&envelope(Service::Fnf, name, "1")).unwrap();
        event.as_object_mut().unwrap().extend(wrapper.as_object().unwrap().clone());
        let answer = invoke(&taskback, &raw(&event)).await.unwrap();
        assert_eq!(answer["fingerprint"], token(Service::Fnf, name).fingerprint().hex(), "{name}");
    }
    assert_eq!(rig.swf.attempts(&token(Service::Swf, "inner")), 0);
}
