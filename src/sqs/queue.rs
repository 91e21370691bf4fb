use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::operation::RequestId;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName, QueueAttributeName,
};

use crate::aws::{AwsError, in_time};

/// One queue, by its URL: the calls of a process that receives from it or sends to it.
#[derive(Clone)]
pub(crate) struct SqsQueue {
    client: Client,
    url: String,
    /// A FIFO queue, whose groups stay in order.
    pub(crate) fifo: bool,
    /// The queue's own visibility timeout.
    pub(crate) visibility: Duration,
    /// The deliveries after which its redrive policy moves a message.
    pub(crate) max_receives: Option<u32>,
}

/// What a queue says of itself, where it says so.
pub(crate) struct QueueAttributes {
    visibility: Option<Duration>,
    max_receives: Option<u32>,
}

/// The time for one call, beside the time that the queue holds it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// The minimum time for a call.
const MIN_PATIENCE: Duration = Duration::from_millis(500);

impl SqsQueue {
    /// The time for one call that keeps a message from another worker: a sixth of the time for which a receive
    /// or a change hides it, so that several calls fit in.
    pub(crate) fn patience(&self) -> Duration {
        (self.visibility / 6).clamp(MIN_PATIENCE, PATIENCE)
    }

    /// Opens a queue and asks for its attributes.
    pub(crate) async fn open(client: Client, url: impl Into<String>) -> Result<Self, AwsError> {
        let queue = Self::new(client, url);
        let QueueAttributes { visibility, max_receives } = queue.ask().await?;
        Ok(Self { visibility: visibility.unwrap_or(queue.visibility), max_receives, ..queue })
    }

    /// Asks for the queue's attributes.
    pub(crate) async fn ask(&self) -> Result<QueueAttributes, AwsError> {
        let call = self.client.get_queue_attributes().queue_url(&self.url);
        let names = [QueueAttributeName::VisibilityTimeout, QueueAttributeName::RedrivePolicy];
        let call = call.set_attribute_names(Some(names.to_vec())).send();
        let known = in_time("GetQueueAttributes", PATIENCE, call).await?.attributes.unwrap_or_default();
        let [visibility, policy] = names.map(|name| known.get(&name));
        Ok(QueueAttributes {
            visibility: visibility.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs),
            max_receives: policy.and_then(|policy| max_receive_count(policy)),
        })
    }

    /// As [`open`](Self::open), for a process that may only send; calls nothing.
    pub(crate) fn new(client: Client, url: impl Into<String>) -> Self {
        let url = url.into();
        // A queue's name says that it is FIFO.
        let fifo = url.ends_with(".fifo");
        Self { client, url, fifo, visibility: Duration::from_secs(30), max_receives: None }
    }

    /// Receives at most `max` messages, 1 to 10; the queue holds the call while there are none. Never drop this
    /// in flight: messages that the queue then hands out are invisible and no worker has them.
    pub(crate) async fn receive(
        &self,
        max: usize,
        wait: Duration,
        visibility: Duration,
    ) -> Result<Vec<Message>, AwsError> {
        let call = self.client.receive_message().queue_url(&self.url);
        let call = call
            .max_number_of_messages(i32::try_from(max).unwrap_or(10).clamp(1, 10))
            .wait_time_seconds(seconds(wait))
            .visibility_timeout(seconds(visibility))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
        let answer = in_time("ReceiveMessage", wait + PATIENCE, call.send()).await?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// Deletes at most ten messages. Returns the indexes of those that remain, each with the reason; `true` = a retry
    /// cannot succeed.
    pub(crate) async fn delete(&self, handles: &[String]) -> Result<Vec<(usize, String, bool)>, AwsError> {
        let entries = handles.iter().enumerate().map(|(index, handle)| {
            DeleteMessageBatchRequestEntry::builder().id(index.to_string()).receipt_handle(handle).build()
        });
        let entries =
            entries.collect::<Result<_, _>>().map_err(|_| AwsError::unsent("DeleteMessageBatch"))?;
        let call = self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries));
        let answer = in_time("DeleteMessageBatch", self.patience(), call.send()).await?;
        let done = |index: &usize| answer.successful.iter().any(|entry| entry.id == index.to_string());
        let remaining = (0..handles.len()).filter(|index| !done(index)).map(|index| {
            match answer.failed.iter().find(|entry| entry.id == index.to_string()) {
                Some(entry) => (index, entry.code.clone(), entry.sender_fault),
                None => (index, "not answered for".to_owned(), false),
            }
        });
        Ok(remaining.collect())
    }

    /// Makes a received message visible after `delay`, at once where it is zero.
    pub(crate) async fn change_visibility(&self, handle: &str, delay: Duration) -> Result<(), AwsError> {
        let call = self.client.change_message_visibility().queue_url(&self.url);
        let call = call.receipt_handle(handle).visibility_timeout(seconds(delay));
        let answer = in_time("ChangeMessageVisibility", self.patience(), call.send()).await?;
        // SQS answers with an empty object, as another party might; only its id of the request tells them apart.
        match answer.request_id() {
            Some(_) => Ok(()),
            None => Err(AwsError::foreign("ChangeMessageVisibility")),
        }
    }

    /// Sends a message; `group` and `id` count on a FIFO queue, which takes an id once in 5 minutes.
    #[cfg_attr(
        not(any(feature = "sfn", feature = "swf")),
        allow(dead_code, reason = "only the poller sends")
    )]
    pub(crate) async fn send(
        &self,
        body: &str,
        group: &str,
        id: &str,
        patience: Duration,
    ) -> Result<(), AwsError> {
        let mut call = self.client.send_message().queue_url(&self.url).message_body(body);
        if self.fifo {
            call = call.message_group_id(group).message_deduplication_id(id);
        }
        let answer = in_time("SendMessage", patience, call.send()).await?;
        // SQS names each message that it takes.
        let is_taken = answer.message_id.is_some_and(|id| !id.is_empty());
        if is_taken { Ok(()) } else { Err(AwsError::foreign("SendMessage")) }
    }
}

/// The `maxReceiveCount` of a redrive policy, which is a number or, by an older way to set it, a text.
fn max_receive_count(policy: &str) -> Option<u32> {
    let policy: serde_json::Value = serde_json::from_str(policy).ok()?;
    let count = policy.get("maxReceiveCount")?;
    count.as_u64().and_then(|count| count.try_into().ok()).or_else(|| count.as_str()?.parse().ok())
}

fn seconds(time: Duration) -> i32 {
    i32::try_from(time.as_secs()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_redrive_policy_has_no_count() {
        for policy in [r#"{"maxReceiveCount":5}"#, r#"{"maxReceiveCount":"5"}"#] {
            assert_eq!(max_receive_count(policy), Some(5), "{policy}");
        }
        for policy in
            ["", "{", "[]", "1", r#""{}""#, "{}", r#"{"maxReceiveCount":-1}"#, r#"{"maxReceiveCount":[5]}"#]
        {
            assert_eq!(max_receive_count(policy), None, "{policy}");
        }
    }
}
