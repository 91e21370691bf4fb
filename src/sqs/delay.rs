use std::collections::HashMap;
use std::time::Duration;

use taskback_core::ReportErrorKind;

use crate::delivery::Delivery;
use crate::settlement::{NackReason, Settlement};

/// The handler of the messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    /// The worker: an unreadable message moves to the dead-letter queue at the queue's own pace.
    #[default]
    Worker,
    /// The dead-letter handler: an unreadable message has no further queue.
    DeadLetters,
}

/// Conditions of the delays beside their reasons.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DelayPolicy {
    pub(crate) role: Role,
    /// The number of deliveries before a message moves to the dead-letter queue, where it is known.
    pub(crate) max_receives: Option<u32>,
}

/// The longest time from the first receive of a message until it is a dead letter, waiting for a free worker aside:
/// each of `receives` deliveries takes up to `timeout`, and then its longest delay or the rest of `visibility`, the
/// queue's own visibility timeout. A queue whose retention is shorter deletes the message before it is a dead letter.
///
/// `max_receives` is the worker's setting `TASKBACK_MAX_RECEIVES`; with it all delays of a message together stay
/// within two days.
///
/// ```
/// use std::time::Duration;
///
/// let (timeout, visibility) = (Duration::from_secs(30), Duration::from_secs(180));
/// let longest = taskback::longest_redelivery(5, Some(5), timeout, visibility);
/// assert!(longest < Duration::from_secs(7 * 24 * 3600), "a retention of a week is enough");
/// ```
pub fn longest_redelivery(
    receives: u32,
    max_receives: Option<u32>,
    timeout: Duration,
    visibility: Duration,
) -> Duration {
    let policy = DelayPolicy { role: Role::Worker, max_receives };
    let one = |receive| visibility.max(timeout.saturating_add(long(receive).min(policy.longest())));
    (1..=receives.min(MAX_RECEIVE_COUNT)).map(one).fold(Duration::ZERO, Duration::saturating_add)
}

/// The delay of every message that was not acknowledged and has one, by its index. All such messages of a group get the
/// delay of the first, so that the group stays in order.
pub(super) fn delays(
    deliveries: &[Delivery<'_>],
    settlements: &[Settlement],
    policy: DelayPolicy,
    random: impl Fn() -> f64,
) -> Vec<(usize, Duration)> {
    let mut heads: HashMap<&str, Option<Duration>> = HashMap::new();
    let mut delays = Vec::new();
    for (index, (delivery, settlement)) in deliveries.iter().zip(settlements).enumerate() {
        let Settlement::Nack(reason) = settlement else { continue };
        let own = || delay(reason, policy, delivery.receive_count.unwrap_or(1), random());
        let delay = match &delivery.group {
            Some(group) => *heads.entry(group).or_insert_with(own),
            None => own(),
        };
        delays.extend(delay.map(|delay| (index, delay)));
    }
    delays
}

/// SQS's own limit of maxReceiveCount.
const MAX_RECEIVE_COUNT: u32 = 1000;
/// An unreadable dead letter stays visible often enough that people can look at it.
const UNREADABLE: Duration = Duration::from_secs(15 * 60);
const HALF_A_DAY: Duration = Duration::from_secs(12 * 3600);
/// The maximum time for all delays of a message together, where their number is known: half of the 4 days for which SQS
/// keeps a message unless its queue says otherwise.
const ALL_DELAYS: Duration = Duration::from_secs(2 * 24 * 3600);

impl DelayPolicy {
    /// The longest single delay.
    fn longest(self) -> Duration {
        match (self.role, self.max_receives) {
            // Retention is all that ends a dead letter.
            (Role::DeadLetters, _) | (_, None) => HALF_A_DAY,
            (Role::Worker, Some(receives)) => (ALL_DELAYS / receives.max(1)).min(HALF_A_DAY),
        }
    }
}

/// `None` = the queue's own visibility timeout.
pub(crate) fn delay(
    reason: &NackReason,
    policy: DelayPolicy,
    receives: u32,
    random: f64,
) -> Option<Duration> {
    let delay = uncapped(reason, policy.role, receives, random)?;
    Some(delay.min(policy.longest()))
}

fn uncapped(reason: &NackReason, role: Role, receives: u32, random: f64) -> Option<Duration> {
    Some(match reason {
        NackReason::Unreadable(reason) if reason.is_configuration_error() => long(receives),
        NackReason::Unreadable(_) => match role {
            Role::Worker => return None,
            Role::DeadLetters => UNREADABLE,
        },
        NackReason::ServiceNotConfigured(_) | NackReason::LedgerUnavailable | NackReason::LeaseExpired => {
            long(receives)
        }
        NackReason::ReportFailed(kind) | NackReason::FlowCallFailed(kind) => match kind {
            ReportErrorKind::Throttled | ReportErrorKind::Unavailable => short(receives, random),
            ReportErrorKind::Denied
            | ReportErrorKind::InvalidToken
            | ReportErrorKind::InvalidReport(_)
            | ReportErrorKind::Unexpected => long(receives),
        },
        NackReason::Retryable | NackReason::Panicked | NackReason::Deadline | NackReason::NoPermit => {
            short(receives, random)
        }
        // Another process can have it at once.
        NackReason::Shutdown => Duration::ZERO,
        NackReason::HeldByOther(remaining) => remaining.saturating_add(Duration::from_secs(1)),
        // Another worker took the task over and holds it for a lease at most.
        NackReason::LeaseLost => Duration::from_secs(61),
        NackReason::Rejected(_)
        | NackReason::ClosedByOther
        | NackReason::BlockedInGroup
        | NackReason::TimedOut => return None,
    })
}

/// Half to all of 2 s, doubling with every delivery up to 15 min.
fn short(receives: u32, random: f64) -> Duration {
    let whole = doubled(Duration::from_secs(2), receives).min(Duration::from_secs(15 * 60));
    whole.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0).max(Duration::from_secs(1))
}

/// 5 min, doubling with every delivery up to 12 h, for what an operator must fix first.
fn long(receives: u32) -> Duration {
    doubled(Duration::from_secs(5 * 60), receives).min(HALF_A_DAY)
}

fn doubled(base: Duration, receives: u32) -> Duration {
    base.saturating_mul(1 << receives.saturating_sub(1).min(20))
}

#[cfg(test)]
mod tests;
