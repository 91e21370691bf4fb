//! One message: settled while it is kept invisible, then deleted or given back.

use std::borrow::Cow;
use std::time::Duration;

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::delivery::{Body, Delivery};
use crate::queue::QueueAt;
use crate::{Budget, Kept, Settlement, Taskback};

/// What every message of a queue goes through.
pub(super) struct Line {
    pub(super) taskback: Taskback,
    pub(super) queue: QueueAt,
    pub(super) visibility: Duration,
    pub(super) timeout: Duration,
    pub(super) deletes: mpsc::Sender<String>,
}

/// SQS allows 12 h from the receive.
const LONGEST: Duration = Duration::from_secs(12 * 3600 - 60);

impl Line {
    /// Settles the message.
    pub(super) async fn run(&self, message: Message) {
        let received = Instant::now();
        let Some(handle) = message.receipt_handle else {
            return tracing::error!("a message without a receipt handle; it comes back");
        };
        let attributes = message.attributes.unwrap_or_default();
        let count = attributes.get(&MessageSystemAttributeName::ApproximateReceiveCount);
        let count = count.and_then(|count| count.parse().ok());
        let delivery = Delivery {
            id: message.message_id,
            body: message.body.map(|text| Body(Cow::Owned(text))),
            receive_count: count,
            ..Delivery::default()
        };
        let budget = Budget::lasting(self.timeout);
        let (stop, stopped) = oneshot::channel::<()>();
        let settle = async {
            let settlement = self.taskback.settle(delivery, &budget).await;
            drop(stop);
            settlement
        };
        // Together, so that the last change of visibility is over before the delay is set.
        let (settlement, ()) = tokio::join!(settle, self.keep_invisible(&handle, received, stopped));
        match settlement {
            // Whoever deletes outlives the messages.
            Settlement::Done(_) => drop(self.deletes.send(handle).await),
            Settlement::Kept(why) => self.give_back(&handle, &why, count.unwrap_or(1), received).await,
        }
    }

    /// Hands back a message that was never begun.
    pub(super) async fn give_up(&self, message: Message) {
        if let Some(handle) = message.receipt_handle {
            self.give_back(&handle, &Kept::Shutdown, 1, Instant::now()).await;
        }
    }

    async fn give_back(&self, handle: &str, why: &Kept, receives: u32, received: Instant) {
        let Some(delay) = self.taskback.delay(why, receives) else { return };
        let delay = delay.min(LONGEST.saturating_sub(received.elapsed()));
        if let Err(refusal) = self.queue.come_back(handle, delay).await {
            tracing::warn!(%refusal, "delay not set; the message comes back when its visibility ends");
        }
    }

    async fn keep_invisible(&self, handle: &str, received: Instant, mut stopped: oneshot::Receiver<()>) {
        let mut next = received + self.visibility / 3;
        while timeout_at(next, &mut stopped).await.is_err() {
            let longer = self.visibility.min(LONGEST.saturating_sub(received.elapsed()));
            if let Err(refusal) = self.queue.come_back(handle, longer).await {
                tracing::warn!(%refusal, "visibility not prolonged; trying again");
            }
            next = Instant::now() + self.visibility / 3;
        }
    }
}
