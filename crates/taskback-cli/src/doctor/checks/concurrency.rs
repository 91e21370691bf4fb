//! Check of reserved concurrency: enough for the pollers of the queues.

use crate::doctor::finding::Finding;
use crate::doctor::function::Function;
use crate::doctor::source::Poller;

/// The number of batches with which Lambda's pollers of a queue begin, without a maximum of their own.
const FIRST_BATCHES: f64 = 5.0;

/// The least MaximumConcurrency that Lambda takes.
const MIN_CONCURRENCY: f64 = 2.0;

/// A throttled batch returns to the queue, and its receives count.
pub(super) fn check(function: &Function<'_>, findings: &mut Vec<Finding>) {
    if function.view.lacks(&["ReservedConcurrentExecutions"]) {
        return;
    }
    let Some(reserved) = function.view.number(&["ReservedConcurrentExecutions"], 0.0) else { return };
    let sources = function.triggers.sources.iter().filter(|source| source.poller == Poller::Lambda);
    let maxima: Vec<_> = sources.map(|source| source.max_concurrency().unwrap_or(FIRST_BATCHES)).collect();
    let needed: f64 = maxima.iter().sum();
    let (reason, fix) = if reserved < 1.0 {
        ("a reserved concurrency of 0 stops it: every message becomes a dead letter".to_owned(), {
            format!("set ReservedConcurrentExecutions to {} or more, or remove it", needed.max(1.0))
        })
    } else if reserved < needed {
        let least = MIN_CONCURRENCY * maxima.len() as f64;
        let or = if reserved >= least {
            ", or set ScalingConfig.MaximumConcurrency of the event sources to less"
        } else {
            ""
        };
        (
            format!(
                "its reserved concurrency is {reserved}, but the pollers of its queues may invoke it {needed} times at once: \
                 throttled batches use up their receives"
            ),
            format!("set ReservedConcurrentExecutions to {needed} or more{or}"),
        )
    } else {
        return;
    };
    findings.push(Finding::new("TB019", function.name, reason, fix));
}
