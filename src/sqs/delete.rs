//! Deletes acknowledged messages, up to ten in one call, and retries those that remain.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use taskback_core::{RetryPolicy, printable};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use super::queue::SqsQueue;
use crate::retry::retry;

/// The maximum number of messages that wait for their delete; further ones are held up before they end.
const WAITING: usize = 100;
/// The maximum number of deletes of up to ten messages that are in flight or between two attempts.
const CALLS: usize = 100;
/// The time after which another call is sent beside one that has no answer.
const BESIDE: Duration = Duration::from_millis(200);

/// The retry of a delete: for about 20 s.
const RETRY: RetryPolicy = RetryPolicy {
    base: Duration::from_millis(200),
    cap: Duration::from_secs(5),
    attempts: 8,
    room: Duration::ZERO,
};

/// Starts a task that takes receipt handles; it ends once every sender is dropped and all deletes are over.
pub(crate) fn start(queue: SqsQueue) -> (mpsc::Sender<String>, JoinHandle<()>) {
    let (deletes, done) = mpsc::channel(WAITING);
    (deletes, tokio::spawn(serve(queue, done)))
}

async fn serve(queue: SqsQueue, mut done: mpsc::Receiver<String>) {
    // Calls without an answer, and retries, go on beside the next ones.
    let mut calls = JoinSet::new();
    let mut handles = Vec::new();
    while done.recv_many(&mut handles, 10).await > 0 {
        calls.spawn(retry_deletes(queue.clone(), std::mem::take(&mut handles)));
        // One after the other as long as they are answered, so that each has as many messages as there are.
        let _ = timeout(BESIDE, calls.join_next()).await;
        while calls.try_join_next().is_some() {}
        if calls.len() >= CALLS {
            calls.join_next().await;
        }
    }
    while calls.join_next().await.is_some() {}
}

async fn retry_deletes(queue: SqsQueue, handles: Vec<String>) {
    let remaining = Mutex::new(handles);
    let attempt = |number| {
        let handles = std::mem::take(&mut *remaining.lock().unwrap_or_else(PoisonError::into_inner));
        delete(&queue, handles, number)
    };
    let judge = |left: Vec<String>, number| {
        if left.is_empty() || number >= RETRY.attempts {
            return ControlFlow::Break(left.len());
        }
        *remaining.lock().unwrap_or_else(PoisonError::into_inner) = left;
        ControlFlow::Continue(RETRY.jittered(number, 0.5 + fastrand::f64() / 2.0))
    };
    let messages = retry(attempt, judge).await;
    if messages > 0 {
        tracing::error!(
            event = "message.delete_failed",
            messages,
            "failed to delete acknowledged messages; they will be redelivered and acknowledged again"
        );
    }
}

/// Returns those that a retry may delete.
async fn delete(queue: &SqsQueue, mut handles: Vec<String>, attempt: u32) -> Vec<String> {
    let remaining = match queue.delete(&handles).await {
        Ok(remaining) => remaining,
        Err(refusal) => {
            tracing::warn!(event = "message.delete_retried", %refusal, messages = handles.len(), attempt, "failed to delete messages");
            return handles;
        }
    };
    for (_, code, for_good) in &remaining {
        let code = printable(code, 128);
        tracing::warn!(
            event = "message.delete_retried",
            code,
            for_good,
            attempt,
            "failed to delete one message"
        );
    }
    let retryable = remaining.iter().filter(|(_, _, for_good)| !for_good);
    retryable.map(|(index, ..)| std::mem::take(&mut handles[*index])).collect()
}
