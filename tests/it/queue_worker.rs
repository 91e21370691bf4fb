//! The worker that serves its queue by itself: what it takes, keeps, deletes and gives back.

mod health;
mod serving;
pub(crate) mod sqs;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use taskback::core::Service;
use taskback::{Cancellation, StepError, Task, Work};
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
async fn no_more_messages_are_taken_than_steps_may_begin() {
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
        // Those that wait for their delete beside those that run.
        let asked = books.calls_of("ReceiveMessage");
        assert!(asked.iter().all(|call| (1..=10).contains(&call["MaxNumberOfMessages"].as_u64().unwrap())));
        assert!(books.messages.iter().all(|message| message.receives == 1));
    });
}

#[tokio::test]
async fn a_message_stays_invisible_for_as_long_as_its_step_runs() {
    let sqs = Sqs::start(bodies(1)).await;
    let (mut gate, step) = Gate::new();
    let rig = Rig::new();
    let serving = serve(&sqs, rig.builder().step(step)).await;
    gate.began().await;
    // Each prolongs by the queue's 3 s after a third of it: after four of them the first would be over.
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

#[tokio::test]
async fn every_entry_of_a_delete_is_looked_at_and_tried_again_where_that_helps() {
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
    // The one whose handle was refused came back, and no step ran for it again.
    assert_eq!(sqs.books(|books| books.messages[1].receives), 2);
    assert_eq!(sqs.books(|books| books.messages[0].receives), 1);
    assert_eq!(ran.load(Ordering::SeqCst), 3);
    assert!((0..3).all(|n| rig.swf.attempts(&token(Service::Swf, &n.to_string())) == 1));
}

#[tokio::test]
async fn a_kept_message_comes_back_when_its_cause_says() {
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
        // Of its first failure 1 to 2 s; what cannot be read keeps the queue's own time.
        let delays: Vec<_> = books.calls_of("ChangeMessageVisibility");
        assert!(delays.iter().all(|call| call["ReceiptHandle"] == "0"), "{delays:?}");
        assert!(delays.iter().any(|call| call["VisibilityTimeout"] == 1), "{delays:?}");
        assert_eq!(books.messages[0].receives, 2);
        assert!(!books.messages[1].deleted);
    });
}

#[tokio::test]
async fn what_runs_may_finish_and_nothing_new_begins_once_the_end_is_asked_for() {
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

#[tokio::test]
async fn after_the_grace_steps_are_cancelled_and_their_messages_are_anybodys_at_once() {
    let sqs = Sqs::start(bodies(1)).await;
    let (tell, mut told) = mpsc::unbounded_channel();
    let step = move |task: Task<u32>| {
        let tell = tell.clone();
        async move {
            tell.send(None)?;
            tell.send(Some(task.cancelled().await))?;
            std::future::pending::<Result<u32, StepError>>().await
        }
    };
    let rig = Rig::new();
    let short = |how| Work { grace: Duration::from_millis(100), ..how };
    let serving = serve_as(&sqs, rig.builder().step(step), short).await;
    assert_eq!(told.recv().await.unwrap(), None);
    serving.end().await;
    assert_eq!(told.recv().await.unwrap(), Some(Cancellation::Shutdown));
    sqs.books(|books| {
        let last = books.calls_of("ChangeMessageVisibility").pop().unwrap();
        assert_eq!((&last["ReceiptHandle"], &last["VisibilityTimeout"]), (&json!("0"), &json!(0)));
        assert!(!books.messages[0].deleted);
    });
    assert_eq!(rig.swf.attempts(&token(Service::Swf, "0")), 0);
}

#[tokio::test]
async fn a_queue_that_does_not_exist_or_may_not_be_used_is_an_error_at_the_start() {
    for code in ["QueueDoesNotExist", "AccessDenied", "InvalidAddress"] {
        let sqs = Sqs::start([]).await;
        sqs.refuse("GetQueueAttributes", 1, code);
        let taskback = Rig::new().builder().step(at_once).build().unwrap();
        let error = open(&sqs, taskback, |how| how).await.err().unwrap().to_string();
        assert!(error.contains(code) && error.contains("the queue cannot be used"), "{error}");
    }
}
