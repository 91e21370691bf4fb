//! The ledger's calls on a task's way, and how long each is retried.

use std::ops::ControlFlow;
use std::time::Duration;

use taskback_core::ledger::WriteResult;
use taskback_core::{Outcome, Receipt};
use tokio::time::Instant;

use super::task_run::TaskRun;
use crate::deadline::before;
use crate::future::BoxFuture;
use crate::ledger::LedgerError;
use crate::metrics::Time;
use crate::retry::retry;
use crate::settlement::NackReason;
use crate::supervisor::HeldLease;
use crate::task_labels::log_task;

/// The attempts of a write that must not be lost.
pub(super) const ATTEMPTS: u32 = 10;

/// The longest time for one answer of the ledger before the call is repeated.
const LEDGER_PATIENCE: Duration = Duration::from_secs(3);

impl TaskRun<'_> {
    /// Returns whether the ledger holds the outcome now; an error where another owner has the task. It takes half of
    /// the lease at most: the other half is for the report of an outcome that could not be recorded.
    pub(super) async fn decide(&self, lease: &HeldLease, outcome: &Outcome) -> Result<bool, NackReason> {
        let remaining = lease.ends().saturating_duration_since(Instant::now());
        let deadline = self.half_time().min(Instant::now() + remaining / 2);
        let write = || self.adapter.ledger.decide(&self.labels.key, lease.lease(), outcome);
        match self.with_ledger_retry(ATTEMPTS, deadline, write).await {
            Ok(WriteResult::Applied) => {
                lease.record();
                Ok(true)
            }
            Ok(WriteResult::Superseded) => {
                log_task!(
                    error,
                    self.labels,
                    "lease.lost",
                    outcome = outcome.name(),
                    "lease lost to another worker; discarding this outcome"
                );
                Err(NackReason::LeaseLost)
            }
            Err(error) => {
                log_task!(error, self.labels, "outcome.not_recorded", outcome = outcome.name(), %error,
                    "failed to record outcome; reporting it only within its lease"
                );
                Ok(false)
            }
        }
    }

    /// Replaces a refused outcome; returns whether the ledger holds the replacement.
    pub(super) async fn replace(&self, outcome: &Outcome, replacement: &Outcome) -> bool {
        let write = || self.adapter.ledger.replace(&self.labels.key, outcome.digest(), replacement);
        self.with_ledger_retry(ATTEMPTS, self.half_time(), write).await == Ok(WriteResult::Applied)
    }

    pub(super) async fn mark_reported(&self, outcome: &Outcome, receipt: &Receipt) {
        let digest = outcome.digest();
        let write = || self.adapter.ledger.mark_reported(&self.labels.key, digest, receipt);
        match self.with_ledger_retry(ATTEMPTS, self.half_time(), write).await {
            Ok(WriteResult::Applied) => {}
            Ok(WriteResult::Superseded) => log_task!(
                error,
                self.labels,
                "outcome.conflict",
                outcome = outcome.name(),
                "the ledger holds another outcome than the one that was reported"
            ),
            // The message is acknowledged all the same: if it is redelivered, the service says that the task is closed.
            Err(error) => log_task!(warn, self.labels, "receipt.not_recorded", %error,
                "failed to record receipt"
            ),
        }
    }

    pub(super) async fn release(&self, lease: Option<&HeldLease>) {
        let Some(lease) = lease else { return };
        let write = || self.adapter.ledger.release(&self.labels.key, lease.lease());
        if let Err(error) = self.with_ledger_retry(ATTEMPTS, self.half_time(), write).await {
            log_task!(warn, self.labels, "claim.not_released", %error,
                "failed to release claim; it ends with its lease"
            );
        }
    }

    /// The deadline of everything beside the report: half of the time for reports belongs to the report.
    pub(super) fn half_time(&self) -> Instant {
        let now = Instant::now();
        now + self.budget.report_deadline().saturating_duration_since(now) / 2
    }

    /// Makes a call of the ledger, retried until `deadline` unless the ledger refused it.
    pub(super) async fn with_ledger_retry<'a, T>(
        &self,
        max_attempts: u32,
        deadline: Instant,
        call: impl Fn() -> BoxFuture<'a, Result<T, LedgerError>>,
    ) -> Result<T, LedgerError> {
        let remaining = deadline.saturating_duration_since(Instant::now());
        let patience = (remaining / 4).min(LEDGER_PATIENCE);
        let attempt = |_| before(deadline.min(Instant::now() + patience), call());
        let judge = |answer: Option<Result<T, LedgerError>>, attempt| {
            let error = match answer {
                Some(Ok(done)) => return ControlFlow::Break(Ok(done)),
                Some(Err(refused @ LedgerError::Refused(_))) => return ControlFlow::Break(Err(refused)),
                Some(Err(unavailable)) => unavailable,
                None => LedgerError::Unavailable("no answer in time".into()),
            };
            let wait = self.adapter.retry.jittered(attempt, fastrand::f64());
            if attempt >= max_attempts || Instant::now() + wait >= deadline {
                ControlFlow::Break(Err(error))
            } else {
                ControlFlow::Continue(wait)
            }
        };
        let start = self.adapter.metrics.start();
        let answer = retry(attempt, judge).await;
        self.adapter.metrics.stop(self.labels.service(), Time::Ledger, start);
        answer
    }
}
