//! Delays of messages that are redelivered.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::ChangeMessageVisibilityBatchRequestEntry;
use tokio::time::timeout_at;

use crate::aws::AwsError;
use crate::budget::Budget;
use crate::delivery::{Delivery, Source};
use crate::settlement::Settlement;

use super::delay::{self, DelayPolicy};

/// Sets when messages that were not acknowledged are redelivered, by the reason, so that a message neither uses up its
/// receive count in seconds nor waits long without need.
///
/// A failure here is logged, once, and the message is redelivered after the queue's own visibility timeout.
///
/// ```
/// use taskback::{Queue, Taskback};
///
/// # fn example(clients: &taskback::Clients) {
/// let builder = Taskback::builder().queue(Queue::new(clients.sqs()));
/// # let _ = builder; }
/// ```
pub struct Queue {
    client: Client,
    region: String,
    urls: Mutex<HashMap<String, String>>,
    has_warned: AtomicBool,
}

impl Queue {
    /// Delays for queues of the client's own region.
    pub fn new(client: Client) -> Self {
        let region = client.config().region().map(ToString::to_string).unwrap_or_default();
        Self { client, region, urls: Mutex::default(), has_warned: AtomicBool::new(false) }
    }

    /// Sets the delay of every message that was not acknowledged, before the deadline of the response.
    pub(crate) async fn delay_redelivery(
        &self,
        deliveries: &[Delivery<'_>],
        settlements: &[Settlement],
        policy: DelayPolicy,
        budget: &Budget,
    ) {
        // SQS allows 12 hours from the receive, which was before the event came.
        let max = Duration::from_secs(12 * 3600 - 60).saturating_sub(budget.elapsed());

        let mut queues: HashMap<&str, Vec<(&Source, Duration)>> = HashMap::new();
        for (index, delay) in delay::delays(deliveries, settlements, policy, fastrand::f64) {
            if let Some(source) = &deliveries[index].source {
                queues.entry(&source.queue_arn).or_default().push((source, delay.min(max)));
            }
        }
        for (arn, messages) in queues {
            let all = async {
                let url = self.url(arn).await?;
                let mut refused = None;
                for ten in messages.chunks(10) {
                    refused = refused.or(self.change(&url, ten).await?);
                }
                match refused {
                    Some(reason) => Err(reason),
                    None => Ok(()),
                }
            };
            match timeout_at(budget.response_deadline(), all).await {
                Ok(Ok(())) => {}
                Ok(Err(reason)) => self.warn_once(arn, &reason),
                Err(_) => self.warn_once(arn, "no answer in time"),
            }
        }
    }

    async fn url(&self, arn: &str) -> Result<String, String> {
        if let Some(url) = self.urls.lock().unwrap_or_else(PoisonError::into_inner).get(arn) {
            return Ok(url.clone());
        }
        let parts: Vec<_> = arn.split(':').collect();
        let [_, _, "sqs", region, account, name] = parts[..] else {
            return Err("not an ARN of a queue".into());
        };
        if region != self.region {
            return Err(format!("the queue's region is not ours, {}", self.region));
        }
        let call = self.client.get_queue_url().queue_name(name).queue_owner_aws_account_id(account);
        let url = call
            .send()
            .await
            .map_err(|error| AwsError::from_sdk_error("GetQueueUrl", &error).to_string())?
            .queue_url
            .filter(|url| !url.is_empty())
            .ok_or_else(|| AwsError::foreign("GetQueueUrl").to_string())?;
        self.urls.lock().unwrap_or_else(PoisonError::into_inner).insert(arn.to_owned(), url.clone());
        Ok(url)
    }

    /// Returns the reason if some of them were refused; an error means that none was taken.
    async fn change(&self, url: &str, messages: &[(&Source, Duration)]) -> Result<Option<String>, String> {
        let entries = messages.iter().enumerate().map(|(index, (source, delay))| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(&source.receipt_handle)
                .visibility_timeout(i32::try_from(delay.as_secs()).unwrap_or(i32::MAX))
                .build()
        });
        let entries = entries.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        let call = self.client.change_message_visibility_batch().queue_url(url).set_entries(Some(entries));
        let answer = call.send().await;
        let answer = answer
            .map_err(|error| AwsError::from_sdk_error("ChangeMessageVisibilityBatch", &error).to_string())?;
        // A handle is stale once its message was received again.
        let (done, failed) = (answer.successful.len(), answer.failed.len());
        let code = match answer.failed.first() {
            Some(failed) => &*failed.code,
            None => "not answered for",
        };
        let remaining = messages.len().saturating_sub(done);
        Ok((failed > 0 || remaining > 0)
            .then(|| format!("{remaining} of {} messages: {code}", messages.len())))
    }

    fn warn_once(&self, queue: &str, reason: &str) {
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                event = "queue.delay_failed",
                queue,
                reason,
                "failed to set delays (logged once); the queue's visibility timeout counts"
            );
        }
    }
}

/// Opaque: the client holds a source of credentials.
impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("region", &self.region).finish_non_exhaustive()
    }
}
