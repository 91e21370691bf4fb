//! Generators of arbitrary events.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use taskback::Service;
use taskback::testing::Fault;

use crate::support::envelope;

/// JSON with names and values that have a meaning here, in arbitrary positions.
pub(super) fn arbitrary_json() -> impl Strategy<Value = Value> {
    let names = select(vec![
        "Records",
        "messageId",
        "body",
        "eventSource",
        "eventSourceARN",
        "attributes",
        "taskToken",
        "task_token",
        "TaskToken",
        "service",
        "Service",
        "TASKTOKEN",
        "input",
        "heartbeatSeconds",
        "execution",
        "Type",
        "Message",
        "detail",
        "detail-type",
        "activityType",
        "workflowExecution",
        "startedEventId",
        "requestPayload",
        "EventSource",
        "Sns",
        "attrs",
        "TopicName",
        "SubscriptionName",
        "specversion",
        "type",
        "data",
        "messageBody",
        "x",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        select(vec![
            "fnf",
            "swf",
            "sfn",
            "durable",
            "callbackId",
            "job",
            "version",
            "SWF",
            "aws:sqs",
            "aws:sns",
            SENT,
            "Notification",
            "{\"taskToken\":\"t\"}"
        ])
        .prop_map(Value::from),
        body().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        let members = vec((names.clone(), inner.clone()), 0..6);
        prop_oneof![
            vec(inner, 0..5).prop_map(Value::from),
            members.prop_map(|members| {
                Value::from(
                    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>(),
                )
            }),
        ]
    })
}

const SENT: &str = "mns:Queue:SendMessage";

/// An event of a trigger without partial responses.
pub(super) fn whole() -> impl Strategy<Value = Value> {
    let sns = vec(body(), 1..5).prop_map(|bodies| {
        let record = |body| json!({"EventSource": "aws:sns", "Sns": {"Message": body}});
        json!({"Records": bodies.into_iter().map(record).collect::<Vec<_>>()})
    });
    let cloud_event =
        |body: String| json!({"specversion": "1.0", "type": SENT, "data": {"messageBody": body}});
    let queue = vec(body(), 1..5)
        .prop_map(move |bodies| Value::from(bodies.into_iter().map(cloud_event).collect::<Vec<_>>()));
    let stream = body().prop_map(|body| json!({"body": body, "attrs": {}}));
    let topic = body().prop_map(|body| json!({"TopicName": "t", "SubscriptionName": "s", "Message": body}));
    let detail = body().prop_map(|body| {
        json!({"detail-type": "t", "detail": serde_json::from_str::<Value>(&body).unwrap_or_default()})
    });
    prop_oneof![sns, queue, body().prop_map(cloud_event), stream, topic, detail]
}

/// A message's text: mostly one of a few tasks, so that some occur twice.
fn body() -> impl Strategy<Value = String> {
    let service = select(Service::ALL.to_vec());
    let input = select(vec!["\"ok\"", "\"retry\"", "\"fail\"", "\"slow\"", "{\"n\":1}", "null"]);
    let task =
        (service, select(vec!["a", "b", "c"]), input).prop_map(|(s, name, input)| envelope(s, name, input));
    let wrapped = task.clone().prop_map(|body| json!({"Type": "Notification", "Message": body}).to_string());
    let cut = (task.clone(), 0..90usize).prop_map(|(body, at)| body.chars().take(at).collect());
    prop_oneof![6 => task, 2 => wrapped, 1 => cut, 1 => "\\PC{0,40}"]
}

/// A record in which anything but the source may be missing, repeated or wrong.
pub(super) fn record() -> impl Strategy<Value = Value> {
    let huge = "x".repeat(100_000);
    let ids = [json!("one"), json!("two"), json!("three"), json!(""), Value::Null, json!(7), json!(huge)];
    let body = prop_oneof![
        8 => body().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => Just(json!({"taskToken": 1})),
    ];
    let counts =
        [json!("1"), json!("2"), json!("3"), json!("99999999999"), json!("-1"), json!(3), Value::Null];
    let fields = (
        prop_oneof![4 => select(ids[..3].to_vec()), 1 => select(ids.to_vec())],
        body,
        select(counts.to_vec()),
        select(vec!["tasks", "tasks.fifo"]),
        proptest::option::of(select(vec!["g", "h"])),
        select(vec!["", "messageId", "body", "attributes", "eventSourceARN"]),
    );
    fields.prop_map(|(id, body, count, queue, group, missing)| {
        let mut record = json!({
            "messageId": id,
            "body": body,
            "attributes": {"ApproximateReceiveCount": count, "MessageGroupId": group},
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:us-east-1:123456789012:{queue}"),
        });
        record.as_object_mut().unwrap().remove(missing);
        record
    })
}

/// Faults after which only accepted tasks may be acknowledged.
pub(super) fn fault() -> impl Strategy<Value = Fault> {
    select(vec![
        Fault::Throttled,
        Fault::LostAnswer,
        Fault::Reset,
        Fault::Hangs,
        Fault::TooLarge,
        Fault::BadForm,
        Fault::Denied,
        Fault::Unexpected,
        Fault::Html,
    ])
}

pub(super) fn long_text() -> impl Strategy<Value = String> {
    let unit = prop_oneof![Just("x".to_owned()), Just("é".to_owned()), Just("🚀".to_owned()), "\\PC{1,3}"];
    prop_oneof!["\\PC{0,300}", (unit, 0..40_000usize).prop_map(|(unit, times)| unit.repeat(times))]
}
