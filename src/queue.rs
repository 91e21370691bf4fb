//! The queue: what it is asked for, and what it is told of the messages that come back.

mod at;
mod delay;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::ChangeMessageVisibilityBatchRequestEntry;
use tokio::time::timeout_at;

use crate::aws::Refusal;
use crate::budget::Budget;
use crate::delivery::{Delivery, Source};
use crate::settlement::Settlement;

pub(crate) use at::QueueAt;
pub(crate) use delay::{Role, delay};

/// Gives kept messages back with a delay by their cause, so that a message neither burns its
/// receive count in seconds nor waits long without need.
///
/// It only ever helps: whatever goes wrong here is logged, once, and the message comes back when
/// the queue's own visibility timeout says.
pub struct Queue {
    client: Client,
    region: String,
    urls: Mutex<HashMap<String, String>>,
    complained: AtomicBool,
}

impl Queue {
    /// For queues of the client's own region.
    pub fn new(client: Client) -> Self {
        let region = client.config().region().map(ToString::to_string).unwrap_or_default();
        Self { client, region, urls: Mutex::default(), complained: AtomicBool::new(false) }
    }

    /// For queues of the environment's region, where it names one.
    #[cfg(feature = "fnf")]
    pub(crate) async fn of_environment(settings: &crate::Settings) -> Option<Self> {
        let config = crate::aws::load().await;
        config.region().is_some().then(|| Self::new(crate::aws::sqs(&config, settings)))
    }

    /// Sets the delay of every kept message, in the time that is left for the answer.
    pub(crate) async fn give_back<D>(
        &self,
        deliveries: &[Delivery<'_>],
        settlements: &[Settlement<D>],
        role: Role,
        budget: &Budget,
    ) {
        // SQS allows 12 hours from the receive, which was before the event came.
        let longest = Duration::from_secs(12 * 3600 - 60).saturating_sub(budget.elapsed());

        let mut queues: HashMap<&str, Vec<(&Source, Duration)>> = HashMap::new();
        for (place, delay) in delay::delays(deliveries, settlements, role, fastrand::f64) {
            if let Some(source) = &deliveries[place].source {
                queues.entry(&source.queue_arn).or_default().push((source, delay.min(longest)));
            }
        }
        for (arn, messages) in queues {
            let all = async {
                let url = self.url(arn).await?;
                let mut refused = None;
                for ten in messages.chunks(10) {
                    refused = refused.or(self.change(&url, ten).await?);
                }
                refused.map_or(Ok(()), Err)
            };
            match timeout_at(budget.answer_until(), all).await {
                Ok(Ok(())) => {}
                Ok(Err(why)) => self.complain(arn, &why),
                Err(_) => self.complain(arn, "no answer in time"),
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
            .map_err(|error| Refusal::of("GetQueueUrl", &error).to_string())?
            .queue_url
            .unwrap_or_default();
        self.urls.lock().unwrap_or_else(PoisonError::into_inner).insert(arn.to_owned(), url.clone());
        Ok(url)
    }

    /// Says what of them was refused, if anything; an error means that none was taken.
    async fn change(&self, url: &str, messages: &[(&Source, Duration)]) -> Result<Option<String>, String> {
        let entries = messages.iter().enumerate().map(|(place, (source, delay))| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(place.to_string())
                .receipt_handle(&source.receipt_handle)
                .visibility_timeout(i32::try_from(delay.as_secs()).unwrap_or(i32::MAX))
                .build()
        });
        let entries = entries.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        let call = self.client.change_message_visibility_batch().queue_url(url).set_entries(Some(entries));
        let answer = call.send().await;
        let answer =
            answer.map_err(|error| Refusal::of("ChangeMessageVisibilityBatch", &error).to_string())?;
        // A handle is stale once its message was received again.
        let refused = answer
            .failed
            .first()
            .map(|failed| format!("{} of {} messages: {}", answer.failed.len(), messages.len(), failed.code));
        Ok(refused)
    }

    fn complain(&self, queue: &str, why: &str) {
        if !self.complained.swap(true, Ordering::Relaxed) {
            tracing::warn!(queue, why, "delays not set (said once); the queue's visibility timeout counts");
        }
    }
}
