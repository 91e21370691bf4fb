//! Many deliveries: groups in order, groups side by side, a token once, all within the deadline.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use futures_util::StreamExt;
use taskback_core::{Fingerprint, Reading};
use tokio::sync::OnceCell;
use tokio::time::timeout_at;

use crate::adapter::Adapter;
use crate::budget::Budget;
use crate::delivery::Delivery;
use crate::settlement::{Done, Kept, Settlement};

/// Settles one delivery.
pub(crate) trait Settle: Sync {
    /// What proves a delivery done.
    type Done: Send + Sync;

    fn settle(&self, delivery: &Delivery<'_>) -> impl Future<Output = Settlement<Self::Done>> + Send;
}

/// Settles every delivery, in their order. Each is Kept until it is proven Done: what is unread,
/// unfinished or cut off by the deadline stays so.
pub(crate) async fn settle<S: Settle>(
    by: &S,
    concurrency: usize,
    deliveries: &[Delivery<'_>],
    budget: &Budget,
) -> Vec<Settlement<S::Done>> {
    let settled: Vec<OnceLock<Settlement<S::Done>>> = deliveries.iter().map(|_| OnceLock::new()).collect();
    let all = futures_util::stream::iter(groups(deliveries))
        .for_each_concurrent(concurrency.max(1), |group| settle_group(by, group, deliveries, &settled));
    let in_time = timeout_at(budget.reports_until(), all).await.is_ok();
    let unfinished = settled.iter().filter(|place| place.get().is_none()).count();
    if !in_time {
        tracing::error!(unfinished, "the invocation's time is over");
    }
    settled
        .into_iter()
        .map(|place| place.into_inner().unwrap_or(Settlement::Kept(Kept::Unfinished)))
        .collect()
}

async fn settle_group<S: Settle>(
    by: &S,
    group: Vec<usize>,
    deliveries: &[Delivery<'_>],
    settled: &[OnceLock<Settlement<S::Done>>],
) {
    let mut behind = false;
    for place in group {
        let settlement = match behind {
            true => Settlement::Kept(Kept::Behind),
            false => by.settle(&deliveries[place]).await,
        };
        behind = settlement.is_kept();
        if let Settlement::Kept(why) = &settlement {
            let id = deliveries[place].id.as_deref().unwrap_or_default();
            tracing::warn!(id, %why, "kept");
        }
        // Each place belongs to one group, so nothing stands there yet.
        drop(settled[place].set(settlement));
    }
}

/// Settles the deliveries of one event that bring tasks, each task once.
pub(crate) struct Tasks<'a> {
    adapter: &'a Adapter,
    reading: &'a Reading,
    budget: &'a Budget,
    wants_outcomes: bool,
    /// One settlement a token, whoever comes first.
    once: Mutex<HashMap<Fingerprint, Arc<OnceCell<Settlement>>>>,
}

impl<'a> Tasks<'a> {
    pub(crate) fn new(
        adapter: &'a Adapter,
        reading: &'a Reading,
        budget: &'a Budget,
        wants_outcomes: bool,
    ) -> Self {
        Self { adapter, reading, budget, wants_outcomes, once: Mutex::default() }
    }
}

impl Settle for Tasks<'_> {
    type Done = Done;

    async fn settle(&self, delivery: &Delivery<'_>) -> Settlement {
        let task = match delivery.task(self.reading) {
            Ok(task) => task,
            Err(why) => return Settlement::Kept(Kept::Unreadable(why)),
        };
        let cell = {
            let mut once = self.once.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(once.entry(task.token.fingerprint()).or_default())
        };
        let settle = async || {
            let settlement = self.adapter.settle(task, delivery.receive_count, self.budget).await;
            if self.wants_outcomes { settlement } else { settlement.without_outcome() }
        };
        cell.get_or_init(settle).await.clone()
    }
}

/// The places of each group's deliveries; a delivery without a group is one of its own.
fn groups(deliveries: &[Delivery<'_>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut named: HashMap<&str, usize> = HashMap::new();
    for (place, delivery) in deliveries.iter().enumerate() {
        match &delivery.group {
            None => groups.push(vec![place]),
            Some(name) => match named.get(name.as_str()) {
                Some(&group) => groups[group].push(place),
                None => {
                    named.insert(name, groups.len());
                    groups.push(vec![place]);
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
    fn groups_keep_their_order_and_what_has_none_stands_alone() {
        let of = |group: Option<&str>| Delivery { group: group.map(Into::into), ..Delivery::default() };
        let deliveries = [of(Some("a")), of(None), of(Some("b")), of(Some("a")), of(None)];
        assert_eq!(groups(&deliveries), [vec![0, 3], vec![1], vec![2], vec![4]]);
    }
}
