//! Kept messages come back when their cause says, and nothing that goes wrong with that is fatal.

use std::time::Duration;

use serde_json::{Value, json};
use taskback::core::Service;
use taskback::flow::FlowControl;
use taskback::testing::{Message, sqs_event};
use taskback::{Handler, Queue, StepError, Task, Taskback, aws};

use crate::flow;
use crate::support::{Rig, envelope};
use crate::wire::server::{Reply, Server};

async fn unlucky(_: Task<Value>) -> Result<(), StepError> {
    Err(StepError::retryable("not yet"))
}

fn url_of_the_queue(url: &str) -> Reply {
    Reply::http(200, "", &json!({"QueueUrl": format!("{url}/123456789012/tasks")}).to_string())
}

/// A handler whose queue is behind that server.
fn taskback(rig: &Rig, url: &str) -> Taskback {
    let queue = Queue::new(aws_sdk_sqs::Client::new(&aws::local(url)));
    rig.builder().step(unlucky).queue(queue).build().unwrap()
}

async fn handle(taskback: &Taskback, messages: &[Message]) -> usize {
    let answer = taskback.handle(&sqs_event(messages), Duration::from_secs(30)).await.unwrap();
    answer["batchItemFailures"].as_array().unwrap().len()
}

fn retried(name: &str) -> Message {
    Message::new(name, envelope(Service::Swf, name, "{}"))
}

#[tokio::test]
async fn every_kept_message_gets_its_delay_in_calls_of_ten_and_the_url_is_asked_once() {
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
async fn what_is_asked_of_a_flow_and_not_done_comes_back_by_its_cause() {
    let done = Reply::http(200, "", r#"{"Successful":[],"Failed":[]}"#);
    let queue = Server::start([url_of_the_queue("http://x"), done]).await;
    let fnf = Server::start([Reply::http(403, "", r#"{"Code":"AccessDenied","Message":"no"}"#)]).await;
    let control = FlowControl::new(flow::client(&fnf.url));
    let control = control.queue(Queue::new(aws_sdk_sqs::Client::new(&aws::local(&queue.url))));
    let start = r#"{"action":"start","flowName":"f"}"#;
    let messages = [Message::new("denied", start), Message::new("refused", "{")];
    let answer = control.handle(&sqs_event(&messages), Duration::from_secs(30), "").await.unwrap();
    assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), 2);
    let given_back: Vec<_> = queue.requests()[1..].iter().flat_map(entries).collect();
    assert_eq!(
        given_back,
        [("handle-denied".to_owned(), 300)],
        "what is refused goes on at the queue's pace"
    );
}

#[tokio::test]
async fn a_stale_handle_a_missing_permission_and_a_dead_queue_change_no_answer() {
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
async fn a_stale_handle_among_the_first_ten_does_not_stop_the_rest() {
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
async fn a_queue_of_another_region_is_never_asked() {
    let server = Server::start([]).await;
    let rig = Rig::new();
    let taskback = taskback(&rig, &server.url);
    let event = sqs_event(&[retried("m")]).get().replace("us-east-1", "eu-west-1");
    let event = serde_json::value::RawValue::from_string(event).unwrap();
    let answer = taskback.handle(&event, Duration::from_secs(30)).await.unwrap();
    assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), 1);
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
