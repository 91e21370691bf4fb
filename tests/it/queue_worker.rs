//! The queue worker: receives, visibility, deletes and redeliveries.

mod health;
mod metrics;
mod patience;
mod serving;
pub(crate) mod sqs;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use taskback::{Cancellation, QueueWorkerConfig, Service, StepError, Task};
use tokio::sync::mpsc;

use crate::support::{Rig, envelope, token};
use serving::{Gate, open, serve, serve_as};
use sqs::Sqs;

fn bodies(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|n| envelope(Service::Swf, &n.to_string(), &n.to_string()))
}

async fn at_once(task: Task<u32>) -> Result<u32, StepError> {
    Ok(task.input)
}

#[tokio::test]
async fn worker_receives_only_startable_messages() {
    let sqs = Sqs::start(bodies(25)).await;
    let (mut gate, step) = Gate::new();
    let rig = Rig::new();
    let serving = serve(&sqs, rig.builder().step(step).concurrency(12)).await;
    for _ in 0..12 {
        gate.began().await;
    }
    assert_eq!(sqs.books(|books| books.messages.iter().filter(|message| message.receives > 0).count()), 12);
    gate.open();
    sqs.empty().await;
    serving.end().await;
    sqs.books(|books| {
        // Messages that wait for their delete count beside those that run.
        let asked = books.calls_of("ReceiveMessage");
        assert!(asked.iter().all(|call| (1..=10).contains(&call["MaxNumberOfMessages"].as_u64().unwrap())));
        assert!(books.messages.iter().all(|message| message.receives == 1));
    });
}

#[tokio::test]
async fn message_stays_invisible_while_step_runs() {
    let sqs = Sqs::start(bodies(1)).await;
    let (mut gate, step) = Gate::new();
    let rig = Rig::new();
    let serving = serve(&sqs, rig.builder().step(step)).await;
    gate.began().await;
    // Each call extends by the queue's 3 s after a third of that: after four calls the first window would be
    // over.
    sqs.until(|books| books.calls_of("ChangeMessageVisibility").len() >= 4).await;
    gate.open();
    sqs.empty().await;
    serving.end().await;
    sqs.books(|books| {
        assert_eq!(books.messages[0].receives, 1);
        let prolonged = books.calls_of("ChangeMessageVisibility");
        assert!(prolonged.iter().all(|call| call["VisibilityTimeout"] == 3), "{prolonged:?}");
    });
}

/// An entry that no retry can delete is redelivered, and its step does not run again.
#[tokio::test]
async fn failed_delete_entries_are_retried() {
    let sqs = Sqs::start(bodies(3)).await;
    sqs.books(|books| {
        books.messages[0].undeletable = (2, "InternalError", false);
        books.messages[1].undeletable = (1, "ReceiptHandleIsInvalid", true);
    });
    sqs.refuse("DeleteMessageBatch", 1, "ServiceUnavailable");
    let ran = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ran);
    let rig = Rig::new();
    let step = move |task: Task<u32>| {
        count.fetch_add(1, Ordering::SeqCst);
        at_once(task)
    };
    let serving = serve(&sqs, rig.builder().step(step)).await;
    sqs.empty().await;
    serving.end().await;
    // The message with the refused handle was redelivered, and its step did not run again.
    assert_eq!(sqs.books(|books| books.messages[1].receives), 2);
    assert_eq!(sqs.books(|books| books.messages[0].receives), 1);
    assert_eq!(ran.load(Ordering::SeqCst), 3);
    assert!((0..3).all(|n| rig.swf.attempts(&token(Service::Swf, &n.to_string())) == 1));
}

#[tokio::test]
async fn nacked_message_is_delayed_by_reason() {
    let unreadable = "no json".to_owned();
    let sqs = Sqs::start(bodies(1).chain([unreadable])).await;
    let tries = AtomicUsize::new(0);
    let step = move |task: Task<u32>| {
        let first = tries.fetch_add(1, Ordering::SeqCst) == 0;
        async move { if first { Err(StepError::retryable("not yet")) } else { Ok(task.input) } }
    };
    let rig = Rig::new();
    let serving = serve(&sqs, rig.builder().step(step)).await;
    sqs.until(|books| books.messages[0].deleted).await;
    serving.end().await;
    sqs.books(|books| {
        // 1 to 2 s after the first failure. An unreadable message keeps the queue's visibility timeout.
        let delays: Vec<_> = books.calls_of("ChangeMessageVisibility");
        assert!(delays.iter().all(|call| call["ReceiptHandle"] == "0"), "{delays:?}");
        assert!(delays.iter().any(|call| call["VisibilityTimeout"] == 1), "{delays:?}");
        assert_eq!(books.messages[0].receives, 2);
        assert!(!books.messages[1].deleted);
    });
}

#[tokio::test]
async fn shutdown_finishes_running_steps_only() {
    let sqs = Sqs::start(bodies(6)).await;
    let (mut gate, step) = Gate::new();
    let rig = Rig::new();
    let serving = serve(&sqs, rig.builder().step(step).concurrency(2)).await;
    gate.began().await;
    gate.began().await;
    serving.shutdown.end();
    gate.open();
    serving.end().await;
    sqs.books(|books| {
        let deleted: Vec<_> = books.messages.iter().map(|message| message.deleted).collect();
        assert_eq!(deleted, [true, true, false, false, false, false]);
        assert!(books.messages[2..].iter().all(|message| message.receives == 0));
    });
}

/// Their messages become visible at once.
#[tokio::test]
async fn steps_past_grace_are_cancelled() {
    let sqs = Sqs::start(bodies(1)).await;
    let (cancelled, mut cancellations) = mpsc::unbounded_channel();
    let step = move |task: Task<u32>| {
        let cancelled = cancelled.clone();
        async move {
            cancelled.send(None)?;
            cancelled.send(Some(task.cancelled().await))?;
            std::future::pending::<Result<u32, StepError>>().await
        }
    };
    let rig = Rig::new();
    let short = |how| QueueWorkerConfig { grace: Duration::from_millis(100), ..how };
    let serving = serve_as(&sqs, rig.builder().step(step), short).await;
    assert_eq!(cancellations.recv().await.unwrap(), None);
    serving.end().await;
    assert_eq!(cancellations.recv().await.unwrap(), Some(Cancellation::Shutdown));
    sqs.books(|books| {
        let last = books.calls_of("ChangeMessageVisibility").pop().unwrap();
        assert_eq!((&last["ReceiptHandle"], &last["VisibilityTimeout"]), (&json!("0"), &json!(0)));
        assert!(!books.messages[0].deleted);
    });
    assert_eq!(rig.swf.attempts(&token(Service::Swf, "0")), 0);
}

#[tokio::test]
async fn unusable_queue_is_an_error_at_start() {
    for code in ["QueueDoesNotExist", "AccessDenied", "InvalidAddress"] {
        let sqs = Sqs::start([]).await;
        sqs.refuse("GetQueueAttributes", 1, code);
        let taskback = Rig::new().builder().step(at_once).build().unwrap();
        let error = open(&sqs, taskback, |how| how).await.err().unwrap().to_string();
        assert!(error.contains(code) && error.contains("the queue cannot be used"), "{error}");
    }
}

/// JSON escapes most of their characters with two characters each.
#[tokio::test]
async fn ten_largest_messages_are_received_at_once() {
    let large = |n: usize| {
        let input = n.to_string();
        let body = envelope(Service::Swf, &input, &input);
        format!("{body}{}", "\n".repeat((1 << 20) - body.len()))
    };
    let sqs = Sqs::start((0..10).map(large)).await;
    let rig = Rig::new();
    let serving = serve(&sqs, rig.builder().step(at_once)).await;
    sqs.empty().await;
    serving.end().await;
    sqs.books(|books| assert!(books.messages.iter().all(|message| message.receives == 1)));
}
