//! Deletes what is done, up to ten in one call, and looks at each answer.

use std::time::Duration;

use taskback_core::RetryPolicy;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use crate::queue::QueueAt;

/// How many messages wait for their delete before no other may end.
const WAITING: usize = 100;

/// When a delete is tried again: for about 20 s.
const RETRY: RetryPolicy = RetryPolicy {
    base: Duration::from_millis(200),
    cap: Duration::from_secs(5),
    attempts: 8,
    room: Duration::ZERO,
};

/// Takes receipt handles; the task ends once every sender is gone and all was tried.
pub(super) fn start(queue: QueueAt) -> (mpsc::Sender<String>, JoinHandle<()>) {
    let (deletes, done) = mpsc::channel(WAITING);
    (deletes, tokio::spawn(serve(queue, done)))
}

async fn serve(queue: QueueAt, mut done: mpsc::Receiver<String>) {
    // What was refused is tried again beside what comes next.
    let mut again = JoinSet::new();
    let mut handles = Vec::new();
    while done.recv_many(&mut handles, 10).await > 0 {
        let left = delete(&queue, std::mem::take(&mut handles), 1).await;
        if !left.is_empty() {
            again.spawn(insist(queue.clone(), left));
        }
        while again.try_join_next().is_some() {}
    }
    while again.join_next().await.is_some() {}
}

async fn insist(queue: QueueAt, mut left: Vec<String>) {
    for made in 1..RETRY.attempts {
        sleep(RETRY.jittered(made, 0.5 + fastrand::f64() / 2.0)).await;
        left = delete(&queue, left, made + 1).await;
        if left.is_empty() {
            return;
        }
    }
    tracing::error!(messages = left.len(), "told but not deleted; they come back, and no step runs again");
}

/// Gives those that another try may delete.
async fn delete(queue: &QueueAt, mut handles: Vec<String>, attempt: u32) -> Vec<String> {
    let left = match queue.delete(&handles).await {
        Ok(left) => left,
        Err(refusal) => {
            tracing::warn!(%refusal, messages = handles.len(), attempt, "not deleted");
            return handles;
        }
    };
    for (_, code, for_good) in &left {
        tracing::warn!(code, for_good, attempt, "one message not deleted");
    }
    let again = left.iter().filter(|(_, _, for_good)| !for_good);
    again.map(|(place, ..)| std::mem::take(&mut handles[*place])).collect()
}
