//! Outcomes that are decided but not reported.

use std::time::{Duration, Instant};

use serde_json::json;
use taskback_local::{Fault, FaultKind, TaskState};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::host::{Host, keys};
use super::{CARD, OTHER, SECRET, card, good_keys, local, mns_queue, open, state, worker};
use crate::secrets::assert_hidden;
use taskback::{Service, TaskToken};

#[tokio::test]
async fn request_keys_precede_environment_keys() {
    let server = local().await;
    let mut host = Host::start(&mut worker(&server.url())).await;
    let token = open(&server, Service::Fnf);
    // The environment's keys are rejected: the outcome is decided but not reported, and the invocation
    // succeeds.
    let answer = host.invoke("r-1", String::new(), &card(&token, CARD)).await;
    assert_eq!((answer.status, answer.failed), (200, false), "{answer:?}");
    assert_eq!(answer.body["errorType"], "ReportFailed", "{answer:?}");
    let line = host.process.line("the task will time out").await;
    assert!(line.contains("ERROR"), "{line}");
    assert_eq!(state(&server, &token), TaskState::Open);
    // Expired keys first, then valid ones: the decided outcome is reported.
    let old = keys("of-an-older-request", "older-secret", "older-token");
    assert_eq!(host.invoke("r-2", old, &card(&token, CARD)).await.body["errorType"], "ReportFailed");
    let answer = host.invoke("r-3", good_keys(), &card(&token, OTHER)).await;
    assert_eq!(answer.body["receipt"], "recorded", "{answer:?}");
    assert_eq!(state(&server, &token), TaskState::Succeeded);
    assert_hidden(&host.process.kill().await.1, [token.expose(), SECRET, "older-secret", "older-token"]);
}

/// A decided outcome that is not reported does not fail the invocation.
#[tokio::test]
async fn report_uses_all_remaining_time() {
    let server = local().await;
    let fault = |token: &TaskToken| {
        let fault = Fault::new("*", FaultKind::Error500).times(1000).for_task(token.fingerprint().hex());
        server.state().inject(fault).unwrap();
    };
    let mut command = worker(&server.url());
    let host = Host::start(command.env("TASKBACK_FC_TIMEOUT", "2")).await;
    let [direct, queued] = std::array::from_fn(|_| open(&server, Service::Swf));
    fault(&direct);
    let begun = Instant::now();
    let answer = host.invoke("r-1", String::new(), &card(&direct, CARD)).await;
    assert!(begun.elapsed() > Duration::from_millis(1500), "given up after {:?}", begun.elapsed());
    assert_eq!((answer.failed, &answer.body["errorType"]), (false, &json!("ReportFailed")), "{answer:?}");

    // Nor does a report that the deadline cuts off.
    let cut_off = open(&server, Service::Swf);
    let silence = Fault::new("*", FaultKind::Delay(Duration::from_secs(30)));
    server.state().inject(silence.times(1000).for_task(cut_off.fingerprint().hex())).unwrap();
    let answer = host.invoke("r-3", String::new(), &card(&cut_off, CARD)).await;
    assert_eq!((answer.failed, &answer.body["errorType"]), (false, &json!("ReportFailed")), "{answer:?}");

    // A queue redelivers.
    fault(&queued);
    let event = mns_queue(&[card(&queued, CARD)]);
    let answer = host.invoke("r-2", String::new(), &event).await;
    assert_eq!((answer.status, answer.failed), (404, true), "{answer:?}");
    assert_eq!(answer.body["errorType"], "MessageNacked", "{answer:?}");
    server.state().clear_faults();
    let answer = host.invoke("r-2", String::new(), &event).await;
    assert_eq!((answer.failed, answer.body), (false, json!({"done": 1})));
    assert_eq!(state(&server, &queued), TaskState::Succeeded);
}

#[tokio::test]
async fn unreported_async_invocation_fails() {
    let server = local().await;
    let mut command = worker(&server.url());
    let host = Host::start(command.env("TASKBACK_FC_INVOCATION", "async")).await;
    let token = open(&server, Service::Fnf);
    let answer = host.invoke("r-1", String::new(), &card(&token, CARD)).await;
    assert_eq!((answer.status, answer.failed), (404, true), "{answer:?}");
    assert_eq!(answer.body["errorType"], "ReportFailed", "{answer:?}");
    let answer = host.invoke("r-1", good_keys(), &card(&token, CARD)).await;
    assert_eq!((answer.status, answer.failed), (200, false), "{answer:?}");
    assert_eq!(state(&server, &token), TaskState::Succeeded);
}

#[tokio::test]
async fn task_held_by_other_does_not_fail() {
    let server = local().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/", listener.local_addr().unwrap());
    let mut command = worker(&server.url());
    let host = Host::start(command.env("TASKBACK_STEP", endpoint)).await;
    let token = open(&server, Service::Fnf);
    let event = card(&token, CARD);
    let second = async {
        let (mut step, _) = listener.accept().await.unwrap();
        let answer = host.invoke("r-2", good_keys(), &event).await;
        step.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n7").await.unwrap();
        // The connection stays open until the first invocation has read the response.
        (answer, step)
    };
    let (first, (second, _step)) = tokio::join!(host.invoke("r-1", good_keys(), &event), second);
    assert_eq!((second.status, second.failed), (200, false), "{second:?}");
    assert_eq!(second.body["errorType"], "HeldByOther", "{second:?}");
    assert_eq!((first.failed, &first.body["output"]), (false, &json!(7)), "{first:?}");
    assert_eq!(state(&server, &token), TaskState::Succeeded);
}

/// A sender may choose such keys where an HTTP trigger passes headers on.
#[tokio::test]
async fn unusable_request_keys_are_ignored() {
    let server = local().await;
    let mut host = Host::start(&mut worker(&server.url())).await;
    let token = open(&server, Service::Fnf);
    let bad = keys("taskback local", SECRET, "");
    let answer = host.invoke("r-1", bad, &card(&token, CARD)).await;
    assert_eq!(answer.body["errorType"], "ReportFailed", "{answer:?}");
    let line = host.process.line("credentials.invalid").await;
    assert!(line.contains("x-fc-access-key-id") && !line.contains("taskback local"), "{line}");
    // The keys of the next request are used.
    let answer = host.invoke("r-2", good_keys(), &card(&token, CARD)).await;
    assert_eq!((answer.failed, state(&server, &token)), (false, TaskState::Succeeded), "{answer:?}");
}

/// Such an event may arrive as a message's bare text, and Function Compute reads no partial response.
#[tokio::test]
async fn unsettled_sqs_event_fails_whole() {
    let server = local().await;
    let host = Host::start(&mut worker(&server.url())).await;
    let token = open(&server, Service::Fnf);
    let record = |id: &str, body: &str| json!({"eventSource": "aws:sqs", "messageId": id, "body": body});
    let reported = record("m-1", &card(&token, CARD));
    let event = json!({"Records": [reported, record("m-2", "no task")]}).to_string();
    let answer = host.invoke("r-1", good_keys(), &event).await;
    assert_eq!((answer.status, answer.failed), (404, true), "{answer:?}");
    assert_eq!(state(&server, &token), TaskState::Succeeded);
    let answer = host.invoke("r-2", good_keys(), &json!({"Records": [reported]}).to_string()).await;
    assert_eq!((answer.status, answer.failed), (200, false), "{answer:?}");
}
