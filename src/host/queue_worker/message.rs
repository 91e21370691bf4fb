//! One message: settled while it stays invisible, then deleted or redelivered.

use std::borrow::Cow;
use std::time::Duration;

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::budget::Budget;
use crate::delivery::{Body, Delivery};
use crate::settlement::{NackReason, Settlement};
use crate::sqs::SqsQueue;
use crate::taskback::Taskback;

/// The handling of a queue's messages, one at a time.
pub(super) struct MessageHandler {
    pub(super) taskback: Taskback,
    pub(super) queue: SqsQueue,
    pub(super) visibility: Duration,
    pub(super) timeout: Duration,
    pub(super) deletes: mpsc::Sender<String>,
}

/// SQS allows 12 h from the receive.
const MAX_INVISIBLE: Duration = Duration::from_secs(12 * 3600 - 60);
/// The maximum pause after a change of visibility that failed.
const MAX_PAUSE: Duration = Duration::from_secs(5);

impl MessageHandler {
    /// Settles the message. `received` is the time of the request that received it: its visibility timeout began then or
    /// later.
    pub(super) async fn run(&self, message: Message, received: Instant) {
        let Some(handle) = message.receipt_handle else {
            return tracing::error!(
                event = "message.no_receipt_handle",
                "a message has no receipt handle; it is redelivered"
            );
        };
        if received.elapsed() >= self.visibility && !self.is_hidden_again(&handle).await {
            return;
        }
        let attributes = message.attributes.unwrap_or_default();
        let count = attributes.get(&MessageSystemAttributeName::ApproximateReceiveCount);
        let count = count.and_then(|count| count.parse().ok());
        let sent = attributes.get(&MessageSystemAttributeName::SentTimestamp);
        let delivery = Delivery {
            id: message.message_id,
            body: message.body.map(|text| Body(Cow::Owned(text))),
            receive_count: count,
            sent: sent.and_then(|millis| millis.parse().ok()),
            ..Delivery::default()
        };
        let budget = Budget::new(self.timeout);
        let (stop, stopped) = oneshot::channel::<()>();
        let settle = async {
            let settlement = self.taskback.settle(delivery, &budget).await;
            // The message stays invisible also while it waits for its delete.
            let nacked = match settlement {
                Settlement::Ack(_) => {
                    // The task that deletes outlives the messages.
                    let _ = self.deletes.send(handle.clone()).await;
                    None
                }
                Settlement::Nack(reason) => Some(reason),
            };
            drop(stop);
            nacked
        };
        // Together, so that the last change of visibility is over before the delay is set.
        let (nacked, ()) = tokio::join!(settle, self.extend_visibility(&handle, received, stopped));
        if let Some(reason) = nacked {
            self.delay_redelivery(&handle, &reason, count.unwrap_or(1), received).await;
        }
    }

    /// Hides a message whose receive was answered so late that it may be visible already. If that fails no step begins:
    /// another worker may have it.
    async fn is_hidden_again(&self, handle: &str) -> bool {
        let hidden = self.queue.change_visibility(handle, self.visibility).await;
        if let Err(refusal) = &hidden {
            tracing::warn!(
                event = "message.received_late", %refusal,
                "a receive was answered after the message's visibility timeout; it is redelivered"
            );
        }
        hidden.is_ok()
    }

    /// Releases a message that was not begun.
    pub(super) async fn release_message(&self, message: Message, received: Instant) {
        if let Some(handle) = message.receipt_handle {
            self.delay_redelivery(&handle, &NackReason::Shutdown, 1, received).await;
        }
    }

    async fn delay_redelivery(&self, handle: &str, reason: &NackReason, receives: u32, received: Instant) {
        let Some(delay) = self.taskback.delay(reason, receives) else { return };
        let delay = delay.min(MAX_INVISIBLE.saturating_sub(received.elapsed()));
        if let Err(refusal) = self.queue.change_visibility(handle, delay).await {
            tracing::warn!(
                event = "queue.delay_failed", %refusal,
                "failed to set a delay; the message is redelivered after its visibility timeout"
            );
        }
    }

    async fn extend_visibility(&self, handle: &str, received: Instant, mut stopped: oneshot::Receiver<()>) {
        let mut next = received + self.visibility / 3;
        while timeout_at(next, &mut stopped).await.is_err() {
            let asked = Instant::now();
            let visibility = self.visibility.min(MAX_INVISIBLE.saturating_sub(received.elapsed()));
            next = match self.queue.change_visibility(handle, visibility).await {
                // The queue counts from when it was asked, not from its answer.
                Ok(()) => asked + self.visibility / 3,
                Err(refusal) => {
                    tracing::warn!(
                        event = "queue.extend_failed", %refusal, "failed to extend a message's visibility; retrying"
                    );
                    Instant::now() + (self.visibility / 24).min(MAX_PAUSE)
                }
            };
        }
    }
}
