//! Deliveries of messages to the handler.

use std::error::Error;

use serde_json::Value;
use serde_json::value::to_raw_value;
use std::time::Duration;
use taskback::Taskback;

use super::messages::{self, Message};

/// The time of one invocation.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// Delivers a message in an event of its own. It is acknowledged if the invocation succeeds.
pub(super) async fn deliver(
    taskback: &Taskback,
    message: &mut Message,
    event: &Value,
) -> Result<(), Box<dyn Error>> {
    message.nacked = taskback.handle(&to_raw_value(event)?, TIMEOUT).await.is_err();
    Ok(())
}

/// Delivers the messages as one SQS batch. The messages that the response does not name are acknowledged.
pub(super) async fn deliver_batch(
    taskback: &Taskback,
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
    Ok(())
}
