use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName, QueueAttributeName,
};

use crate::aws::{Refusal, in_time};

/// One queue, by its URL: what a process does that serves it by itself.
#[derive(Clone)]
pub(crate) struct QueueAt {
    client: Client,
    url: String,
    /// Whether order matters.
    pub(crate) fifo: bool,
    /// The queue's own visibility timeout.
    pub(crate) visibility: Duration,
}

/// How long one call may take, beside the time that it is held on purpose.
const PATIENCE: Duration = Duration::from_secs(10);

impl QueueAt {
    /// Asks the queue what it is.
    pub(crate) async fn open(client: Client, url: impl Into<String>) -> Result<Self, Refusal> {
        let mut queue = Self::unasked(client, url);
        let call = queue.client.get_queue_attributes().queue_url(&queue.url);
        let call = call.attribute_names(QueueAttributeName::VisibilityTimeout);
        let answer = in_time("GetQueueAttributes", PATIENCE, call.send()).await?;
        let known = answer.attributes.unwrap_or_default();
        let visibility = known.get(&QueueAttributeName::VisibilityTimeout);
        if let Some(seconds) = visibility.and_then(|seconds| seconds.parse().ok()) {
            queue.visibility = Duration::from_secs(seconds);
        }
        Ok(queue)
    }

    /// The same for whoever only sends, and may be allowed nothing else.
    pub(crate) fn unasked(client: Client, url: impl Into<String>) -> Self {
        let url = url.into();
        // A queue's name says that it is FIFO.
        let fifo = url.ends_with(".fifo");
        Self { client, url, fifo, visibility: Duration::from_secs(30) }
    }

    /// At most `most` messages, 1 to 10; the queue holds the call while there is none. Never drop this
    /// in flight: what the queue hands out then is invisible and in nobody's hands.
    pub(crate) async fn receive(
        &self,
        most: usize,
        wait: Duration,
        visibility: Duration,
    ) -> Result<Vec<Message>, Refusal> {
        let call = self.client.receive_message().queue_url(&self.url);
        let call = call
            .max_number_of_messages(i32::try_from(most).unwrap_or(10).clamp(1, 10))
            .wait_time_seconds(seconds(wait))
            .visibility_timeout(seconds(visibility))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
        let answer = in_time("ReceiveMessage", wait + PATIENCE, call.send()).await?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// Deletes at most ten messages. Gives the places of those that are still there, each with the
    /// reason; `true` = trying again is of no use.
    pub(crate) async fn delete(&self, handles: &[String]) -> Result<Vec<(usize, String, bool)>, Refusal> {
        let entries = handles.iter().enumerate().map(|(place, handle)| {
            DeleteMessageBatchRequestEntry::builder().id(place.to_string()).receipt_handle(handle).build()
        });
        let entries = entries.collect::<Result<_, _>>().map_err(|_| Refusal::unsent("DeleteMessageBatch"))?;
        let call = self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries));
        let answer = in_time("DeleteMessageBatch", PATIENCE, call.send()).await?;
        let done = |place: &usize| answer.successful.iter().any(|entry| entry.id == place.to_string());
        let left = (0..handles.len()).filter(|place| !done(place)).map(|place| {
            match answer.failed.iter().find(|entry| entry.id == place.to_string()) {
                Some(entry) => (place, entry.code.clone(), entry.sender_fault),
                None => (place, "not answered for".to_owned(), false),
            }
        });
        Ok(left.collect())
    }

    /// Makes a received message visible after `delay`, at once where it is zero.
    pub(crate) async fn come_back(&self, handle: &str, delay: Duration) -> Result<(), Refusal> {
        let call = self.client.change_message_visibility().queue_url(&self.url);
        let call = call.receipt_handle(handle).visibility_timeout(seconds(delay));
        in_time("ChangeMessageVisibility", PATIENCE, call.send()).await.map(drop)
    }

    /// Sends a message; `group` and `id` count on a FIFO queue, which takes an id once in 5 minutes.
    pub(crate) async fn send(
        &self,
        body: &str,
        group: &str,
        id: &str,
        patience: Duration,
    ) -> Result<(), Refusal> {
        let mut call = self.client.send_message().queue_url(&self.url).message_body(body);
        if self.fifo {
            call = call.message_group_id(group).message_deduplication_id(id);
        }
        in_time("SendMessage", patience, call.send()).await.map(drop)
    }
}

fn seconds(time: Duration) -> i32 {
    i32::try_from(time.as_secs()).unwrap_or(i32::MAX)
}
