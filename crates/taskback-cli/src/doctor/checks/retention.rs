//! Checks of retention: no message expires before its last delivery, or on its arrival among the dead letters.

use std::time::Duration;

use taskback::longest_redelivery;

use super::visibility::visibility_timeout;
use crate::doctor::finding::Finding;
use crate::doctor::function::{Function, Job};
use crate::doctor::template::Resource;

const MAX_RECEIVES: &str = "TASKBACK_MAX_RECEIVES";

/// A message that fails every time, such as one whose report is denied, must become a dead letter before it expires.
pub(super) fn expires(function: &Function<'_>, queue: &Resource, receives: f64) -> Option<Finding> {
    let seconds = |value: f64| Duration::try_from_secs_f64(value).ok();
    let retention = seconds(retention(queue)?)?;
    let visibility = seconds(visibility_timeout(queue)?)?;
    let receives = (receives >= 1.0).then_some(receives as u32)?;
    // Only a worker knows which delivery is the last, and shortens its delays accordingly.
    let known = match function.job {
        Job::Worker => {
            let setting = function.env(MAX_RECEIVES);
            if function.is_unknown(MAX_RECEIVES) {
                return None;
            }
            setting.and_then(|setting| setting.parse().ok())
        }
        Job::DeadLetters | Job::FlowControl | Job::Poller | Job::Other => None,
    };
    let longest = longest_redelivery(receives, known, seconds(function.timeout()?)?, visibility);
    (longest >= retention).then(|| {
        let days = |time: Duration| time.as_secs_f64() / 86_400.0;
        let hint = match (function.job, known) {
            (Job::Worker, None) => {
                format!(", and {MAX_RECEIVES}, which limits the delays of a worker to two days in total")
            }
            _ => String::new(),
        };
        Finding::new(
            "TB018",
            &queue.name,
            format!(
                "{receives} receives with their delays may take {:.1} days, but its retention is {:.1} days: a message \
                 that fails every time expires before it becomes a dead letter, and its task waits for its timeout",
                days(longest),
                days(retention)
            ),
            format!("set a lower maxReceiveCount, or a longer MessageRetentionPeriod (max 1209600){hint}"),
        )
    })
}

/// In a standard dead-letter queue a message keeps the time at which it was first sent.
pub(super) fn expires_on_arrival(queue: &Resource, dead: &Resource) -> Option<Finding> {
    let (own, theirs) = (retention(queue)?, retention(dead)?);
    if theirs > own || queue.view().flag(&["FifoQueue"])? {
        return None;
    }
    let (name, dead) = (&queue.name, &dead.name);
    let fix = if own >= MAX_RETENTION {
        format!(
            "set MessageRetentionPeriod of {name} to less than {MAX_RETENTION}, and that of {dead} to {MAX_RETENTION}"
        )
    } else {
        format!("set MessageRetentionPeriod of {dead} to more than {own} (max {MAX_RETENTION})")
    };
    let reason = format!(
        "its retention of {theirs} s counts from the first send, and {name} has a retention of {own} s: a message that \
         waited there for its full retention expires on arrival"
    );
    Some(Finding::new("TB017", dead, reason, fix))
}

/// The retention period of a queue in seconds.
pub(super) fn retention(queue: &Resource) -> Option<f64> {
    queue.view().number(&["MessageRetentionPeriod"], 345_600.0)
}

/// SQS's maximum retention, in seconds.
const MAX_RETENTION: f64 = 1_209_600.0;
