//! Deliveries of messages to the handler.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use serde_json::value::to_raw_value;
use taskback::{Settlement, Taskback};

use super::messages::{self, Message};

/// The time of one invocation.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// The reasons for which the messages of one event were nacked.
#[derive(Clone, Default)]
pub(super) struct Reasons(Arc<Mutex<Vec<Option<String>>>>);

impl Reasons {
    /// Sees the settlements of each event, in its order.
    pub(super) fn observer(&self) -> impl Fn(&Settlement) + Send + Sync + 'static {
        let reasons = self.clone();
        move |settlement| {
            let reason = match settlement {
                Settlement::Nack(reason) => Some(reason.to_string()),
                Settlement::Ack(_) => None,
            };
            reasons.0.lock().unwrap_or_else(PoisonError::into_inner).push(reason);
        }
    }

    fn take(&self) -> Vec<Option<String>> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Delivers a message in an event of its own. It is acknowledged if the invocation succeeds.
pub(super) async fn deliver(
    taskback: &Taskback,
    reasons: &Reasons,
    message: &mut Message,
    event: &Value,
) -> Result<(), Box<dyn Error>> {
    message.nacked = taskback.handle(&to_raw_value(event)?, TIMEOUT).await.is_err();
    message.reason = reasons.take().into_iter().flatten().next();
    Ok(())
}

/// Delivers the messages as one SQS batch. The messages that the response does not name are acknowledged.
pub(super) async fn deliver_batch(
    taskback: &Taskback,
    reasons: &Reasons,
    batch: &mut [Message],
    receive_count: u32,
) -> Result<(), Box<dyn Error>> {
    let event = to_raw_value(&messages::sqs_event(batch, receive_count))?;
    if let Ok(response) = taskback.handle(&event, TIMEOUT).await {
        let failures = response.batch_item_failures();
        for (index, message) in batch.iter_mut().enumerate() {
            message.nacked = failures.contains(&messages::id(index));
        }
    }
    for (message, reason) in batch.iter_mut().zip(reasons.take()) {
        message.reason = reason;
    }
    Ok(())
}
