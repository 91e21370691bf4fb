//! What becomes of an outcome that is decided and not told.

use std::time::{Duration, Instant};

use serde_json::json;
use taskback::core::{Service, TaskToken};
use taskback_local::{Fault, FaultKind, TaskState};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::host::{Host, keys};
use super::{CARD, OTHER, SECRET, card, good_keys, local, mns_queue, open, state, worker};
use crate::secrets::assert_hidden;

#[tokio::test]
async fn keys_of_the_request_come_before_those_of_the_environment() {
    let server = local().await;
    let mut host = Host::start(&mut worker(&server.url())).await;
    let token = open(&server, Service::Fnf);
    // The environment's keys are refused: decided, not told, and no failed invocation.
    let answer = host.invoke("r-1", String::new(), &card(&token, CARD)).await;
    assert_eq!((answer.status, answer.failed), (200, false), "{answer:?}");
    assert_eq!(answer.body["errorType"], "Unreported", "{answer:?}");
    let line = host.process.line("the task's timeout decides").await;
    assert!(line.contains("ERROR"), "{line}");
    assert_eq!(state(&server, &token), TaskState::Open);
    // Keys that are out of date as well, and then good ones: what was decided is told.
    let old = keys("of-an-older-request", "older-secret", "older-token");
    assert_eq!(host.invoke("r-2", old, &card(&token, CARD)).await.body["errorType"], "Unreported");
    let answer = host.invoke("r-3", good_keys(), &card(&token, OTHER)).await;
    assert_eq!(answer.body["receipt"], "recorded", "{answer:?}");
    assert_eq!(state(&server, &token), TaskState::Succeeded);
    assert_hidden(&host.process.printed(), [token.expose(), SECRET, "older-secret", "older-token"]);
}

#[tokio::test]
async fn all_of_the_time_is_spent_on_the_report_and_what_is_decided_fails_no_invocation() {
    let server = local().await;
    let fault = |token: &TaskToken| {
        let fault = Fault::new("*", FaultKind::Error500).times(1000).only(token.fingerprint().hex());
        server.state().inject(fault).unwrap();
    };
    let mut command = worker(&server.url());
    let host = Host::start(command.env("TASKBACK_FC_TIMEOUT", "2")).await;
    let [direct, queued] = std::array::from_fn(|_| open(&server, Service::Swf));
    fault(&direct);
    let begun = Instant::now();
    let answer = host.invoke("r-1", String::new(), &card(&direct, CARD)).await;
    assert!(begun.elapsed() > Duration::from_millis(1500), "given up after {:?}", begun.elapsed());
    assert_eq!((answer.failed, &answer.body["errorType"]), (false, &json!("Unreported")), "{answer:?}");

    // Nor does a report that is cut off by the deadline.
    let cut_off = open(&server, Service::Swf);
    let silence = Fault::new("*", FaultKind::Delay(Duration::from_secs(30)));
    server.state().inject(silence.times(1000).only(cut_off.fingerprint().hex())).unwrap();
    let answer = host.invoke("r-3", String::new(), &card(&cut_off, CARD)).await;
    assert_eq!((answer.failed, &answer.body["errorType"]), (false, &json!("Unreported")), "{answer:?}");

    // A queue delivers again.
    fault(&queued);
    let event = mns_queue(&[card(&queued, CARD)]);
    let answer = host.invoke("r-2", String::new(), &event).await;
    assert_eq!((answer.status, answer.failed), (404, true), "{answer:?}");
    assert_eq!(answer.body["errorType"], "Kept", "{answer:?}");
    server.state().clear_faults();
    let answer = host.invoke("r-2", String::new(), &event).await;
    assert_eq!((answer.failed, answer.body), (false, json!({"done": 1})));
    assert_eq!(state(&server, &queued), TaskState::Succeeded);
}

#[tokio::test]
async fn an_asynchronous_invocation_fails_until_its_outcome_is_told() {
    let server = local().await;
    let mut command = worker(&server.url());
    let host = Host::start(command.env("TASKBACK_FC_INVOCATION", "async")).await;
    let token = open(&server, Service::Fnf);
    let answer = host.invoke("r-1", String::new(), &card(&token, CARD)).await;
    assert_eq!((answer.status, answer.failed), (404, true), "{answer:?}");
    assert_eq!(answer.body["errorType"], "Unreported", "{answer:?}");
    let answer = host.invoke("r-1", good_keys(), &card(&token, CARD)).await;
    assert_eq!((answer.status, answer.failed), (200, false), "{answer:?}");
    assert_eq!(state(&server, &token), TaskState::Succeeded);
}

#[tokio::test]
async fn a_task_that_another_invocation_runs_is_not_failed_by_this_one() {
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
        // Open until the first has read it.
        (answer, step)
    };
    let (first, (second, _step)) = tokio::join!(host.invoke("r-1", good_keys(), &event), second);
    assert_eq!((second.status, second.failed), (200, false), "{second:?}");
    assert_eq!(second.body["errorType"], "RunningElsewhere", "{second:?}");
    assert_eq!((first.failed, &first.body["output"]), (false, &json!(7)), "{first:?}");
    assert_eq!(state(&server, &token), TaskState::Succeeded);
}

/// As a message's bare text may be.
#[tokio::test]
async fn an_event_of_sqs_that_was_not_settled_whole_fails_for_nobody_here_reads_a_partial_answer() {
    let server = local().await;
    let host = Host::start(&mut worker(&server.url())).await;
    let token = open(&server, Service::Fnf);
    let record = |id: &str, body: &str| json!({"eventSource": "aws:sqs", "messageId": id, "body": body});
    let told = record("m-1", &card(&token, CARD));
    let event = json!({"Records": [told, record("m-2", "no task")]}).to_string();
    let answer = host.invoke("r-1", good_keys(), &event).await;
    assert_eq!((answer.status, answer.failed), (404, true), "{answer:?}");
    assert_eq!(state(&server, &token), TaskState::Succeeded);
    let answer = host.invoke("r-2", good_keys(), &json!({"Records": [told]}).to_string()).await;
    assert_eq!((answer.status, answer.failed), (200, false), "{answer:?}");
}
