//! Nacked messages are redelivered after the delay of their reason. A failure to set the delay is not fatal.

use std::time::Duration;

use serde_json::{Value, json};
use taskback::fnf_flow::FlowControl;
use taskback::testing::{Message, sqs_event};
use taskback::{Handler, Queue, Service, StepError, Task, Taskback, aws};

use crate::flow;
use crate::support::{Rig, envelope};
use crate::wire::server::{Reply, Server};

async fn unlucky(_: Task<Value>) -> Result<(), StepError> {
    Err(StepError::retryable("not yet"))
}

fn url_of_the_queue(url: &str) -> Reply {
    Reply::http(200, "", &json!({"QueueUrl": format!("{url}/123456789012/tasks")}).to_string())
}

/// A handler whose queue is the server at `url`.
fn taskback(rig: &Rig, url: &str) -> Taskback {
    let queue = Queue::new(aws_sdk_sqs::Client::new(&aws::local(url)));
    rig.builder().step(unlucky).queue(queue).build().unwrap()
}

async fn handle(taskback: &Taskback, messages: &[Message]) -> usize {
    let answer = taskback.handle(&sqs_event(messages), Duration::from_secs(30)).await.unwrap();
    answer.batch_item_failures().len()
}

fn retried(name: &str) -> Message {
    Message::new(name, envelope(Service::Swf, name, "{}"))
}

/// The URL of the queue is requested once.
#[tokio::test]
async fn nacked_messages_are_delayed_in_tens() {
    let done = || Reply::http(200, "", r#"{"Successful":[],"Failed":[]}"#);
    let server = Server::start([url_of_the_queue("http://x"), done(), done(), done()]).await;
    let rig = Rig::new();
    let taskback = taskback(&rig, &server.url);
    let messages: Vec<_> = (0..12).map(|n| retried(&n.to_string()).received(3)).collect();
    assert_eq!(handle(&taskback, &messages).await, 12);
    assert_eq!(handle(&taskback, &[retried("again")]).await, 1);

    let requests = server.requests();
    let names: Vec<_> = requests.iter().map(|request| target(&request.head)).collect();
    let change = "ChangeMessageVisibilityBatch";
    assert_eq!(names, ["GetQueueUrl", change, change, change]);
    let asked: Value = serde_json::from_str(&requests[0].body).unwrap();
    assert_eq!(
        (&asked["QueueName"], &asked["QueueOwnerAWSAccountId"]),
        (&json!("tasks"), &json!("123456789012"))
    );
    let entries: Vec<_> = requests[1..3].iter().flat_map(entries).collect();
    assert_eq!((entries.len(), entries_of(&requests[1]).len()), (12, 10));
    assert!(entries.iter().all(|(handle, delay)| handle.starts_with("handle-") && (4..=8).contains(delay)));
}

#[tokio::test]
async fn failed_flow_call_is_delayed_by_reason() {
    let done = Reply::http(200, "", r#"{"Successful":[],"Failed":[]}"#);
    let queue = Server::start([url_of_the_queue("http://x"), done]).await;
    let fnf =
        Server::start([Reply::http(403, "", r#"{"Code":"AccessDenied","Message":"no","RequestId":"R"}"#)])
            .await;
    let control = FlowControl::new(flow::client(&fnf.url));
    let control = control.queue(Queue::new(aws_sdk_sqs::Client::new(&aws::local(&queue.url))));
    let start = r#"{"action":"start","flowName":"f"}"#;
    let messages = [Message::new("denied", start), Message::new("refused", "{")];
    let answer = control.handle(&sqs_event(&messages), Duration::from_secs(30), "").await.unwrap();
    assert_eq!(answer.batch_item_failures().len(), 2);
    let given_back: Vec<_> = queue.requests()[1..].iter().flat_map(entries).collect();
    assert_eq!(
        given_back,
        [("handle-denied".to_owned(), 300)],
        "what is refused goes on at the queue's pace"
    );
}

/// A stale handle, a missing permission or an unreachable queue.
#[tokio::test]
async fn failed_delay_changes_no_response() {
    let stale =
        r#"{"Successful":[],"Failed":[{"Id":"0","SenderFault":true,"Code":"ReceiptHandleIsInvalid"}]}"#;
    let denied = r#"{"__type":"com.amazonaws.sqs#AccessDenied","message":"no"}"#;
    for script in [
        vec![url_of_the_queue("http://x"), Reply::http(200, "", stale)],
        vec![url_of_the_queue("http://x"), Reply::http(403, "", denied)],
        vec![Reply::http(403, "", denied)],
        vec![Reply::Reset],
    ] {
        let server = Server::start(script).await;
        let rig = Rig::new();
        assert_eq!(handle(&taskback(&rig, &server.url), &[retried("m")]).await, 1);
    }
}

#[tokio::test]
async fn stale_handle_does_not_stop_others() {
    let stale =
        r#"{"Successful":[],"Failed":[{"Id":"0","SenderFault":true,"Code":"ReceiptHandleIsInvalid"}]}"#;
    let done = Reply::http(200, "", r#"{"Successful":[],"Failed":[]}"#);
    let server = Server::start([url_of_the_queue("http://x"), Reply::http(200, "", stale), done]).await;
    let rig = Rig::new();
    let messages: Vec<_> = (0..12).map(|n| retried(&n.to_string())).collect();
    assert_eq!(handle(&taskback(&rig, &server.url), &messages).await, 12);
    let requests = server.requests();
    assert_eq!(requests.len(), 3, "the url, ten messages, two messages");
    assert_eq!(entries_of(&requests[2]).len(), 2);
}

#[tokio::test]
async fn queue_of_other_region_gets_no_calls() {
    let server = Server::start([]).await;
    let rig = Rig::new();
    let taskback = taskback(&rig, &server.url);
    let event = sqs_event(&[retried("m")]).get().replace("us-east-1", "eu-west-1");
    let event = serde_json::value::RawValue::from_string(event).unwrap();
    let answer = taskback.handle(&event, Duration::from_secs(30)).await.unwrap();
    assert_eq!(answer.batch_item_failures().len(), 1);
    assert!(server.requests().is_empty());
}

fn target(head: &str) -> &str {
    head.lines()
        .find_map(|line| line.split_once("AmazonSQS."))
        .map(|(_, name)| name.trim())
        .unwrap_or_default()
}

fn entries_of(request: &crate::wire::server::Request) -> Vec<(String, u64)> {
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let entries = body["Entries"].as_array().unwrap().iter();
    entries
        .map(|entry| {
            (
                entry["ReceiptHandle"].as_str().unwrap().to_owned(),
                entry["VisibilityTimeout"].as_u64().unwrap(),
            )
        })
        .collect()
}

fn entries(request: &crate::wire::server::Request) -> impl Iterator<Item = (String, u64)> {
    entries_of(request).into_iter()
}

#[tokio::test]
async fn foreign_queue_url_response_is_not_cached() {
    let done = Reply::http(200, "", r#"{"Successful":[{"Id":"0"}],"Failed":[]}"#);
    let server = Server::start([Reply::http(200, "", "{}"), url_of_the_queue("http://x"), done]).await;
    let rig = Rig::new();
    let taskback = taskback(&rig, &server.url);
    for _ in 0..2 {
        assert_eq!(handle(&taskback, &[retried("m")]).await, 1);
    }
    let requests = server.requests();
    let names: Vec<_> = requests.iter().map(|request| target(&request.head)).collect();
    assert_eq!(names, ["GetQueueUrl", "GetQueueUrl", "ChangeMessageVisibilityBatch"]);
}
