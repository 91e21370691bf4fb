use super::*;
use crate::wire::server::{Reply, Server as Wire};

#[tokio::test]
async fn batch_gets_a_partial_response() {
    let flows = Flows::new().await;
    flows.start("verify", "old").await;
    let messages = [
        Message::new("start", start("new").to_string()),
        Message::new("no-json", "{"),
        Message::new("no-action", r#"{"flowName":"verify"}"#),
        Message::new("no-flow", start("new").to_string().replace("verify", "none")),
        Message::new("stop", stop("old").to_string()),
        Message::new("stop-none", stop("none").to_string()),
        Message::new("bad-name", stop("a b").to_string()),
        Message::new(
            "sns",
            json!({
                "Type": "Notification", "MessageId": "id", "TopicArn": "arn:aws:sns:us-east-1:123456789012:t",
                "Message": start("wrapped").to_string(), "Timestamp": "2026-01-01T00:00:00.000Z"
            })
            .to_string(),
        ),
    ];
    let comes_back = ["no-json", "no-action", "no-flow", "stop-none", "bad-name"];
    assert_eq!(flows.batch(&messages).await, comes_back);
    assert_eq!(flows.status("verify", "old").await, "Stopped");
    for name in ["new", "wrapped"] {
        assert_eq!(flows.status("verify", name).await, "Running", "{name}");
    }
}

/// The messages of a group run in order.
#[tokio::test]
async fn nacked_fifo_message_blocks_its_group() {
    let flows = Flows::new().await;
    let start = |id: &str, name: &str| Message::new(id, start(name).to_string()).group("g");
    let stop = |id: &str, name: &str| Message::new(id, stop(name).to_string()).group("g");
    assert_eq!(flows.batch(&[start("1", "run"), stop("2", "run")]).await, [""; 0]);
    assert_eq!(flows.status("verify", "run").await, "Stopped");
    flows.server.state().inject(Fault::new("StartExecution", FaultKind::Refuse)).unwrap();
    assert_eq!(
        flows.batch(&[start("3", "next"), stop("4", "next"), start("5", "last")]).await,
        ["3", "4", "5"]
    );
    assert_eq!(flows.executions("verify").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn messages_without_response_in_time_are_nacked() {
    let service = Wire::start([Reply::Silence, Reply::Silence]).await;
    let control = FlowControl::new(client(&service.url));
    let messages = ["one", "two"].map(|id| Message::new(id, start(id).to_string()));
    let answer = handle(&control, &sqs_event(&messages), Duration::from_secs(3)).await;
    assert_eq!(kept(answer.unwrap()), ["one", "two"]);
    let direct = direct_event(&stop("run").to_string());
    let answer = handle(&control, &direct, Duration::from_secs(3)).await;
    assert!(matches!(answer, Err(InvocationError::MessageNacked(_))), "{answer:?}");
}

#[tokio::test]
async fn event_without_partial_response_fails_whole() {
    let flows = Flows::new().await;
    let names = |event: Value| {
        let flows = &flows;
        async move {
            let event = direct_event(&event.to_string());
            handle(&flows.control(), &event, MINUTE).await.unwrap_err().name()
        }
    };
    let record = |id: Value, body: Value| json!({"eventSource": "aws:sqs", "messageId": id, "body": body});
    assert_eq!(names(json!({"Records": []})).await, "EmptyBatch");
    assert_eq!(names(json!([start("run")])).await, "UnknownEvent");
    assert_eq!(names(json!({"Records": [{"eventSource": "aws:s3"}]})).await, "ForeignSource");
    assert_eq!(names(json!({"Records": [record(json!(""), json!("{"))]})).await, "UnusableMessageId");
    assert_eq!(names(json!({"Records": [record(json!(1), Value::Null)]})).await, "UnusableMessageId");
    assert_eq!(flows.executions("verify").await.len(), 0);
}

#[tokio::test]
async fn starts_without_ids_stay_distinct() {
    let flows = Flows::new().await;
    let body = json!({"action": "start", "flowName": "verify"}).to_string();
    let message =
        json!({"specversion": "1.0", "type": "mns:Queue:SendMessage", "data": {"messageBody": body}});
    let both = direct_event(&json!([message, message]).to_string());
    let error = handle(&flows.control(), &both, MINUTE).await.unwrap_err();
    assert!(error.to_string().contains("nothing names the message (2 of 2)"), "{error}");
    assert_eq!(flows.executions("verify").await.len(), 0);
    let one = direct_event(&message.to_string());
    assert_eq!(handle(&flows.control(), &one, MINUTE).await.unwrap(), json!({"done": 1}));
    assert_eq!(flows.executions("verify").await.len(), 1);
}
