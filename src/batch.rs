//! Many deliveries: groups in order, groups side by side, a token once, all within the deadline.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use futures_util::StreamExt;
use taskback_core::{Digest, Fingerprint, MessageFormat, RawTask};
use tokio::sync::OnceCell;
use tokio::task::yield_now;
use tokio::time::timeout_at;

use crate::adapter::Adapter;
use crate::budget::Budget;
use crate::delivery::Delivery;
use crate::settlement::{NackReason, Settlement};
use crate::task_labels::{TaskLabels, log_task};

/// Settles one delivery.
pub(crate) trait Settle: Sync {
    fn settle(&self, delivery: &Delivery<'_>) -> impl Future<Output = Settlement> + Send;

    /// The task that a delivery brings.
    fn task(&self, _delivery: &Delivery<'_>) -> Option<RawTask> {
        None
    }
}

/// Settles every delivery, in their order. Each is a nack until it has its receipt: a delivery that is unread,
/// unfinished or cut off by the deadline stays one.
pub(crate) async fn settle<S: Settle>(
    settler: &S,
    concurrency: usize,
    deliveries: &[Delivery<'_>],
    budget: &Budget,
) -> Vec<Settlement> {
    // A cell each, so that what is settled survives the deadline.
    let settled: Vec<OnceLock<Settlement>> = deliveries.iter().map(|_| OnceLock::new()).collect();
    let all = futures_util::stream::iter(groups(deliveries))
        .for_each_concurrent(concurrency.max(1), |group| settle_group(settler, group, deliveries, &settled));
    // The timer is set when steps that end at once have had their turn and their reports have their timers: a timer that
    // is earlier than all others is a system call, and these are earlier.
    let in_time = {
        let mut all = pin!(all);
        tokio::select! {
            biased;
            () = &mut all => true,
            () = yield_now() => timeout_at(budget.report_deadline(), &mut all).await.is_ok(),
        }
    };
    if !in_time {
        let unfinished = settled.iter().filter(|cell| cell.get().is_none()).count();
        tracing::error!(
            event = "invocation.timed_out",
            unfinished,
            "the invocation's time is over; unfinished messages will be redelivered"
        );
    }
    settled
        .into_iter()
        .map(|cell| cell.into_inner().unwrap_or(Settlement::Nack(NackReason::TimedOut)))
        .collect()
}

async fn settle_group<S: Settle>(
    settler: &S,
    group: Vec<usize>,
    deliveries: &[Delivery<'_>],
    settled: &[OnceLock<Settlement>],
) {
    let mut blocked = false;
    for index in group {
        let delivery = &deliveries[index];
        let settlement = if blocked {
            Settlement::Nack(NackReason::BlockedInGroup)
        } else {
            settler.settle(delivery).await
        };
        blocked = settlement.is_nack();
        if let Settlement::Nack(reason) = &settlement {
            log_nack(delivery, settler.task(delivery).as_ref(), reason);
        }
        // Each index belongs to one group, so the cell is empty.
        let _ = settled[index].set(settlement);
    }
}

fn log_nack(delivery: &Delivery<'_>, task: Option<&RawTask>, reason: &NackReason) {
    match task {
        Some(task) => {
            let labels = TaskLabels::new(task, delivery);
            log_task!(warn, labels, "message.nacked", %reason, "message will be redelivered");
        }
        None => tracing::warn!(
            event = "message.nacked",
            message_id = delivery.printable_id(None),
            receive_count = delivery.receive_count,
            %reason,
            "message will be redelivered"
        ),
    }
}

/// Settles the deliveries of one event that bring tasks, each task once.
pub(crate) struct Tasks<'a> {
    adapter: &'a Adapter,
    message_format: &'a MessageFormat,
    budget: &'a Budget,
    wants_outcomes: bool,
    /// One settlement for each token, and the input of its first delivery.
    once: Mutex<HashMap<Fingerprint, Once>>,
}

type Once = (Digest, Arc<OnceCell<Settlement>>);

impl<'a> Tasks<'a> {
    pub(crate) fn new(
        adapter: &'a Adapter,
        message_format: &'a MessageFormat,
        budget: &'a Budget,
        wants_outcomes: bool,
    ) -> Self {
        Self { adapter, message_format, budget, wants_outcomes, once: Mutex::default() }
    }
}

impl Settle for Tasks<'_> {
    fn task(&self, delivery: &Delivery<'_>) -> Option<RawTask> {
        delivery.task(self.message_format).ok()
    }

    async fn settle(&self, delivery: &Delivery<'_>) -> Settlement {
        let task = match delivery.task(self.message_format) {
            Ok(task) => task,
            Err(reason) => return Settlement::Nack(NackReason::Unreadable(reason)),
        };
        let (key, input) = (task.token.fingerprint(), task.input_digest());
        let (first, cell) = {
            let mut once = self.once.lock().unwrap_or_else(PoisonError::into_inner);
            once.entry(key).or_insert_with(|| (input, Arc::default())).clone()
        };
        if first != input {
            let labels = TaskLabels::new(&task, delivery);
            log_task!(
                warn,
                labels,
                "task.input_differs",
                "the task token is in the batch with another input"
            );
        }
        let settle = async || {
            let settlement = self.adapter.settle(task, input, delivery, self.budget).await;
            if self.wants_outcomes { settlement } else { settlement.without_outcome() }
        };
        cell.get_or_init(settle).await.clone()
    }
}

/// The indices of each group's deliveries; a delivery without a group is a group of its own.
fn groups(deliveries: &[Delivery<'_>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut named: HashMap<&str, usize> = HashMap::new();
    for (index, delivery) in deliveries.iter().enumerate() {
        match &delivery.group {
            None => groups.push(vec![index]),
            Some(name) => match named.get(name.as_str()) {
                Some(&group) => groups[group].push(index),
                None => {
                    named.insert(name, groups.len());
                    groups.push(vec![index]);
                }
            },
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_stay_in_order() {
        let of = |group: Option<&str>| Delivery { group: group.map(Into::into), ..Delivery::default() };
        let deliveries = [of(Some("a")), of(None), of(Some("b")), of(Some("a")), of(None)];
        assert_eq!(groups(&deliveries), [vec![0, 3], vec![1], vec![2], vec![4]]);
    }
}
