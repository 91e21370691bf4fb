//! Facts about the settlements of one event that its response does not show.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use taskback::{Ack, ClosedBy, NackReason, Receipt, Settlement};

/// Records closed tasks and the reasons of redeliveries.
#[derive(Clone, Default)]
pub(super) struct SettlementLog(Arc<Mutex<Facts>>);

#[derive(Default)]
struct Facts {
    /// Tasks that were closed, and not by a report of this handler.
    closed: BTreeSet<String>,
    /// Reasons of redeliveries, in the event's order.
    reasons: Vec<String>,
}

impl SettlementLog {
    pub(super) fn observer(&self) -> impl Fn(&Settlement) + Send + Sync + 'static {
        let log = self.clone();
        move |settlement| {
            log.facts().closed.extend(closed(settlement));
            if let Settlement::Nack(reason) = settlement {
                log.facts().reasons.push(reason.to_string());
            }
        }
    }

    /// The closed tasks, one line each.
    pub(super) fn closed_lines(&self) -> String {
        self.facts().closed.iter().map(|line| format!("taskback: {line}\n")).collect()
    }

    /// The reasons of the messages that will be redelivered, in the event's order.
    pub(super) fn reasons(&self) -> Vec<String> {
        self.facts().reasons.clone()
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed(settlement: &Settlement) -> Option<String> {
    let not_recorded = "the outcome of this invocation was not recorded";
    match settlement {
        Settlement::Ack(Ack::Task(done)) => match done.receipt {
            Receipt::Closed { closed_by: ClosedBy::Other } => {
                Some(format!("task {} was closed by another party: {not_recorded}", done.fingerprint.short()))
            }
            Receipt::Closed { closed_by: ClosedBy::Unknown } => Some(format!(
                "task {} was closed, perhaps by another party: {not_recorded}",
                done.fingerprint.short()
            )),
            _ => None,
        },
        Settlement::Nack(NackReason::ClosedByOther) => {
            Some(format!("a task was closed by another party: {not_recorded}"))
        }
        Settlement::Ack(_) | Settlement::Nack(_) => None,
    }
}
