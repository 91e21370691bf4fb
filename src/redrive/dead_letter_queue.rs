use std::fmt;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, MessageSystemAttributeName as SystemName,
    MessageSystemAttributeNameForSends, MessageSystemAttributeValue, QueueAttributeName,
};

use super::letter::DeadLetter;
use crate::aws::{AwsError, in_time};
use crate::error::{Error, ErrorKind};

/// A dead-letter queue of SQS, by its URL.
///
/// It needs `sqs:GetQueueAttributes`, `sqs:ReceiveMessage` and `sqs:ChangeMessageVisibility` on the queue to look at its
/// messages; `sqs:ListDeadLetterSourceQueues` to find where they came from; and to redrive them `sqs:DeleteMessage` on it,
/// with `sqs:SendMessage` and `sqs:GetQueueAttributes` on the other queue.
///
/// ```no_run
/// use std::time::Duration;
///
/// use taskback::{Clients, Settings, DeadLetterQueue, ledger};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let settings = Settings::from_env()?;
/// let clients = Clients::connect(&settings).await;
/// let (queue, records) = (DeadLetterQueue::new(clients.sqs(), "https://sqs…/dead"), ledger::open_records(&clients)?);
/// for letter in queue.receive(Duration::from_secs(60)).await? {
///     println!("{}: {}", letter.id(), letter.state(&*records, &settings.message_format, None).await?);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct DeadLetterQueue {
    client: Client,
    url: String,
}

/// The time for one call, beside the time that the queue holds it.
const PATIENCE: Duration = Duration::from_secs(10);
/// The time that the queue holds a receive: it then asks all of its servers.
const WAIT: Duration = Duration::from_secs(2);

impl DeadLetterQueue {
    /// The queue of that URL; calls nothing.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }

    /// Whether it is a FIFO queue, which its name says. In another queue a group has no order.
    pub fn is_fifo(&self) -> bool {
        is_fifo(&self.url)
    }

    /// The URLs of the queues whose redrive policy names this queue, at most 1000.
    pub async fn sources(&self) -> Result<Vec<String>, Error> {
        let call = self.client.list_dead_letter_source_queues().queue_url(&self.url).send();
        let answer = in_time("ListDeadLetterSourceQueues", PATIENCE, call).await.map_err(unusable)?;
        Ok(answer.queue_urls)
    }

    /// The ARN of a queue.
    pub async fn arn_of(&self, url: &str) -> Result<String, Error> {
        let call = self.client.get_queue_attributes().queue_url(url);
        let call = call.attribute_names(QueueAttributeName::QueueArn).send();
        let answer = in_time("GetQueueAttributes", PATIENCE, call).await.map_err(unusable)?;
        let arn = answer.attributes.and_then(|mut known| known.remove(&QueueAttributeName::QueueArn));
        arn.ok_or_else(|| unusable(AwsError::foreign("GetQueueAttributes")))
    }

    /// The number of messages that are visible, and of those that are not.
    pub async fn count(&self) -> Result<(u64, u64), Error> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let call = self.client.get_queue_attributes().queue_url(&self.url);
        let call = call.set_attribute_names(Some(names.to_vec())).send();
        let answer = in_time("GetQueueAttributes", PATIENCE, call).await.map_err(unusable)?;
        let known = answer.attributes.unwrap_or_default();
        let [visible, hidden] = names.map(|name| known.get(&name).and_then(|count| count.parse().ok()));
        visible.zip(hidden).ok_or_else(|| unusable(AwsError::foreign("GetQueueAttributes")))
    }

    /// Receives at most ten messages, which counts as a receive of each, and hides them for `visibility`.
    pub async fn receive(&self, visibility: Duration) -> Result<Vec<DeadLetter>, Error> {
        let call = self.client.receive_message().queue_url(&self.url);
        let call = call
            .max_number_of_messages(10)
            .wait_time_seconds(seconds(WAIT))
            .visibility_timeout(seconds(visibility))
            .message_attribute_names("All")
            .message_system_attribute_names(SystemName::All)
            .send();
        let answer = in_time("ReceiveMessage", WAIT + PATIENCE, call).await.map_err(unusable)?;
        Ok(answer.messages.unwrap_or_default().into_iter().filter_map(DeadLetter::new).collect())
    }

    /// Sends a letter to a queue, with its attributes. A letter that is sent twice within 5 minutes to a FIFO queue arrives
    /// once. `source_arn` is as for [`DeadLetter::state`]; a start of a flow that cannot be named is an error.
    pub async fn send(&self, letter: &DeadLetter, to: &str, source_arn: Option<&str>) -> Result<(), Error> {
        let body = letter.redriven_body(source_arn)?;
        let mut call = self.client.send_message().queue_url(to).message_body(body);
        if !letter.attributes.is_empty() {
            call = call.set_message_attributes(Some(letter.attributes.clone()));
        }
        if let Some(trace) = letter.trace() {
            let value =
                MessageSystemAttributeValue::builder().data_type("String").string_value(trace).build();
            let value = value.map_err(|_| unusable(AwsError::unsent("SendMessage")))?;
            call = call.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, value);
        }
        // The sender's own id of deduplication would drop the message silently within 5 minutes of its first send.
        call = match is_fifo(to) {
            true => call
                .message_group_id(letter.group().unwrap_or(letter.id()))
                .message_deduplication_id(format!("redrive-{}", letter.id())),
            // A fair queue has groups too.
            false => call.set_message_group_id(letter.group().map(str::to_owned)),
        };
        let answer = in_time("SendMessage", PATIENCE, call.send()).await.map_err(unusable)?;
        // SQS names each message that it takes.
        match answer.message_id.is_some_and(|id| !id.is_empty()) {
            true => Ok(()),
            false => Err(unusable(AwsError::foreign("SendMessage"))),
        }
    }

    /// Deletes a letter that was received.
    pub async fn delete(&self, letter: &DeadLetter) -> Result<(), Error> {
        let call = self.client.delete_message().queue_url(&self.url);
        let call = call.receipt_handle(letter.receipt_handle()).send();
        in_time("DeleteMessage", PATIENCE, call).await.map_err(unusable).map(|_| ())
    }

    /// Makes letters visible at once, by their [receipt handles](DeadLetter::receipt_handle). An error means that some
    /// stay hidden until their visibility timeout.
    pub async fn show_again(&self, receipt_handles: &[String]) -> Result<(), Error> {
        let mut result = Ok(());
        for ten in receipt_handles.chunks(10) {
            let entries = ten.iter().enumerate().filter_map(|(index, handle)| {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(index.to_string());
                entry.receipt_handle(handle).visibility_timeout(0).build().ok()
            });
            let call = self.client.change_message_visibility_batch().queue_url(&self.url);
            let call = call.set_entries(Some(entries.collect())).send();
            match in_time("ChangeMessageVisibilityBatch", PATIENCE, call).await {
                Ok(answer) if answer.successful.len() == ten.len() => {}
                Ok(_) => result = Err(unusable(AwsError::unsent("ChangeMessageVisibilityBatch"))),
                Err(error) => result = Err(unusable(error)),
            }
        }
        result
    }
}

fn is_fifo(url: &str) -> bool {
    url.ends_with(".fifo")
}

fn unusable(error: AwsError) -> Error {
    Error::new(ErrorKind::Unusable, error.to_string())
}

fn seconds(time: Duration) -> i32 {
    i32::try_from(time.as_secs()).unwrap_or(i32::MAX)
}

/// Opaque: the client holds a source of credentials.
impl fmt::Debug for DeadLetterQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetterQueue").finish_non_exhaustive()
    }
}
