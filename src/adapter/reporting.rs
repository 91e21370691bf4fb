//! From an outcome to its receipt.

use std::time::Duration;

use taskback_core::{ClosedBy, Outcome, Receipt, ReportErrorKind};
use tokio::time::Instant;

use super::policy::ClosedTaskPolicy;
use super::task_run::TaskRun;
use crate::deadline::before;
use crate::report::{Report, Reports, report_with_retry};
use crate::service::ClosedByRequest;
use crate::settlement::{Acked, NackReason};
use crate::supervisor::HeldLease;
use crate::task_labels::log_task;

/// The right to report an outcome.
#[derive(Clone, Copy)]
enum Backing<'a> {
    /// The ledger holds it: any owner may report it.
    Recorded,
    /// It could not be recorded: only while no other owner can have the task.
    Leased(&'a HeldLease),
    /// The step ran without the ledger: that is the choice of `fail-open`.
    FailOpen,
}

/// The longest time for the service's history, and never more than half of the time that remains.
const HISTORY_PATIENCE: Duration = Duration::from_secs(10);

impl TaskRun<'_> {
    /// Decides and reports the outcome of the step. An outcome that the ledger could not record is
    /// reported only while no other owner can have the task.
    pub(super) async fn decide_and_report(
        &self,
        outcome: Outcome,
        lease: Option<&HeldLease>,
        reports: &mut Reports,
    ) -> Result<(Outcome, Receipt), NackReason> {
        let outcome = self.enforce_limits(outcome);
        let Some(lease) = lease else { return self.report(outcome, Backing::FailOpen, reports).await };
        if self.decide(lease, &outcome).await? {
            return self.report(outcome, Backing::Recorded, reports).await;
        }
        tokio::select! {
            biased;
            () = lease.until_taken() => Err(NackReason::LeaseLost),
            reported = self.report(outcome, Backing::Leased(lease), reports) => reported,
        }
    }

    /// Returns the outcome as service and ledger can take it: this is settled before it is decided.
    fn enforce_limits(&self, outcome: Outcome) -> Outcome {
        let outcome = match self.reporter.enforce_limits(outcome) {
            large @ Outcome::Succeeded(_) if !self.adapter.ledger.fits(&large) => Outcome::output_too_large(),
            fits => fits,
        };
        if let Some(warning) = self.reporter.warning(&outcome) {
            log_task!(warn, self.labels, warning.event, "{}", warning.message);
        }
        outcome
    }

    /// Reports an outcome that the ledger held when this delivery began.
    pub(super) async fn report_recorded(
        &self,
        outcome: Outcome,
        reports: &mut Reports,
    ) -> Result<(Outcome, Receipt), NackReason> {
        self.report(outcome, Backing::Recorded, reports).await
    }

    /// Reports an outcome, or its one replacement: a failure has none.
    async fn report(
        &self,
        mut outcome: Outcome,
        backing: Backing<'_>,
        reports: &mut Reports,
    ) -> Result<(Outcome, Receipt), NackReason> {
        let mut deadline = self.budget.report_deadline();
        if let Backing::Leased(lease) = backing {
            deadline = deadline.min(lease.ends());
        }
        let is_recorded = matches!(backing, Backing::Recorded);
        loop {
            if !is_recorded && Instant::now() >= deadline {
                log_task!(
                    error,
                    self.labels,
                    "report.withheld",
                    outcome = outcome.name(),
                    "outcome is not recorded and its lease is over; not reporting it"
                );
                return Err(NackReason::ReportFailed(ReportErrorKind::Unavailable));
            }
            let report = Report {
                reporter: self.reporter,
                labels: self.labels,
                outcome: &outcome,
                policy: &self.adapter.retry,
                deadline,
                metrics: &self.adapter.metrics,
            };
            let error = match report_with_retry(&report, reports).await {
                Ok(receipt) => return Ok((outcome, receipt)),
                Err(error) => error,
            };
            log_task!(error, self.labels, "report.failed", outcome = outcome.name(), error_name = error_name(&outcome),
                attempts = reports.attempts,
                duration_ms = self.budget.elapsed_ms(), %error, "failed to report outcome"
            );
            let failed = NackReason::ReportFailed(error.kind);
            let Some(replacement) = outcome.replacement(error.kind) else { return Err(failed) };
            if is_recorded && !self.replace(&outcome, &replacement).await {
                return Err(failed);
            }
            outcome = replacement;
        }
    }

    /// Marks the receipt in a ledger that holds the outcome; then the message may be acknowledged.
    pub(super) async fn finish(
        &self,
        (outcome, receipt): (Outcome, Receipt),
        is_recorded: bool,
        reports: &Reports,
    ) -> Result<Acked, NackReason> {
        let receipt = self.with_history(receipt, &outcome).await;
        let (event, text) = describe(&receipt);
        log_task!(
            info,
            self.labels,
            event,
            outcome = outcome.name(),
            error_name = error_name(&outcome),
            receipt = receipt.name(),
            closed_by = closed_by(&receipt).map(ClosedBy::name),
            attempts = reports.attempts,
            duration_ms = self.budget.elapsed_ms(),
            "{text}"
        );
        if is_recorded {
            self.mark_reported(&outcome, &receipt).await;
        }
        self.observe(Some(&outcome), &receipt);
        self.acknowledge(Some(outcome), receipt)
    }

    /// Counts a receipt of this delivery, and logs that of a task that another party closed.
    pub(super) fn observe(&self, outcome: Option<&Outcome>, receipt: &Receipt) {
        self.adapter.metrics.receipt(self.reporter.service(), outcome, receipt);
        if let Some(closed_by) = closed_by_other(receipt) {
            let outcome = outcome.map(Outcome::name);
            log_task!(
                error, self.labels, "task.closed_by_other", outcome, %closed_by,
                "task was already closed by another party"
            );
        }
    }

    /// A receipt acknowledges the message, unless another party closed the task and the settings say
    /// to nack such messages.
    pub(super) fn acknowledge(
        &self,
        outcome: Option<Outcome>,
        receipt: Receipt,
    ) -> Result<Acked, NackReason> {
        if self.adapter.closed_tasks == ClosedTaskPolicy::Nack && closed_by_other(&receipt).is_some() {
            return Err(NackReason::ClosedByOther);
        }
        Ok(Acked { service: self.reporter.service(), fingerprint: self.labels.key, outcome, receipt })
    }

    /// Returns the receipt with what the service's history says of who closed the task, where the settings ask for it
    /// and it answers in time.
    async fn with_history(&self, receipt: Receipt, outcome: &Outcome) -> Receipt {
        if !self.adapter.ask_history || !matches!(receipt, Receipt::Closed { .. }) {
            return receipt;
        }
        let deadline = self.half_time().min(Instant::now() + HISTORY_PATIENCE);
        let request = ClosedByRequest { task: self.labels.task, outcome };
        match before(deadline, self.reporter.closed_by(request)).await.flatten() {
            Some(closed_by) => Receipt::Closed { closed_by },
            None => receipt,
        }
    }
}

/// The party that closed the task.
fn closed_by(receipt: &Receipt) -> Option<ClosedBy> {
    match receipt {
        Receipt::Closed { closed_by } => Some(*closed_by),
        _ => None,
    }
}

/// The party that closed the task, where it may not have been a worker.
fn closed_by_other(receipt: &Receipt) -> Option<ClosedBy> {
    closed_by(receipt).filter(|party| matches!(party, ClosedBy::Other | ClosedBy::Unknown))
}

/// The event of the line about a receipt, and its text.
const fn describe(receipt: &Receipt) -> (&'static str, &'static str) {
    match receipt {
        Receipt::Recorded { .. } => ("report.accepted", "outcome reported"),
        Receipt::Closed { .. } => ("task.closed", "the task is closed"),
        Receipt::Delegated { .. } => ("task.delegated", "another party reports the task"),
    }
}

/// The name of a failure, which the step chose; it holds no token by now.
fn error_name(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Failed { error, .. } => Some(error),
        Outcome::Succeeded(_) | Outcome::Canceled { .. } | Outcome::DelegatedTo { .. } => None,
    }
}
