//! An outcome that a person chose, on the way of every other one.

use std::sync::Arc;

use serde_json::value::RawValue;
use taskback_core::{Outcome, PriorAttempts, RawTask, Receipt};
use tokio::time::Instant;

use super::task_run::{Adapter, TaskRun};
use crate::budget::Budget;
use crate::delivery::Delivery;
use crate::ledger::Claim;
use crate::report::Reports;
use crate::settlement::{Acked, NackReason, Settlement};
use crate::supervisor::{HeldLease, lease_length};
use crate::task_labels::{TaskLabels, log_task};

/// The end of a report by hand.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HandReport {
    /// True where the task had no outcome and no owner, so that the outcome of the call was taken. False where an outcome
    /// was decided before, the lease was lost, or nothing was reported.
    pub is_own: bool,
    /// The receipt, or the reason why there is none.
    pub settlement: Settlement,
}

impl Adapter {
    /// Claims the task, decides the outcome and reports it. An outcome that is decided already is reported in its place,
    /// and a task that another owner runs is left alone.
    pub(crate) async fn report_by_hand(
        &self,
        task: RawTask,
        outcome: Outcome,
        budget: &Budget,
    ) -> HandReport {
        let service = task.token.service();
        let Some(reporter) = self.services.get(service) else {
            return earlier(Err(NackReason::ServiceNotConfigured(service)));
        };
        let Some(permit) = reporter.permit(budget.step_deadline()).await else {
            return earlier(Err(NackReason::NoPermit));
        };
        let reports = Reports { prior: PriorAttempts::default(), permit: Some(permit), attempts: 0 };
        let delivery = Delivery::default();
        let run = TaskRun {
            adapter: self,
            reporter: reporter.as_ref(),
            labels: &TaskLabels::new(&task, &delivery),
            step: Arc::clone(&self.step),
            step_input: Box::<RawValue>::default(),
            // A person has no message, and so no input.
            input: None,
            budget,
        };
        run.settle_by_hand(outcome, reports).await
    }
}

impl TaskRun<'_> {
    async fn settle_by_hand(self, outcome: Outcome, mut reports: Reports) -> HandReport {
        let max = self.adapter.lease;
        let lease = lease_length(self.budget.report_deadline(), max);
        let ends = Instant::now() + lease;
        match self.claim(lease).await {
            Ok(Claim::Acquired(lease)) => {
                let lease = HeldLease::new(lease, max, ends);
                let result = self.report_own(outcome, &lease, &mut reports).await;
                // Then another owner claimed the task, and may have decided it.
                let is_own = !matches!(result, Err(NackReason::LeaseLost));
                HandReport { is_own, settlement: result.into() }
            }
            Ok(Claim::HeldByOther(remaining)) => earlier(Err(NackReason::HeldByOther(remaining))),
            Ok(Claim::Reported(receipt)) => earlier(Ok(self.acked(None, receipt))),
            // Another party holds the token, and nothing may be reported in its place.
            Ok(Claim::Decided(Outcome::DelegatedTo { to })) => {
                let receipt = Receipt::Delegated { to: to.clone() };
                earlier(Ok(self.acked(Some(Outcome::DelegatedTo { to }), receipt)))
            }
            Ok(Claim::Decided(outcome)) => {
                reports.prior.found_decided = true;
                let supervisor = self.supervisor(None);
                match supervisor.accompany(self.report_recorded(outcome, &mut reports)).await {
                    Ok(reported) => earlier(self.finish(reported, true, &reports).await),
                    Err(reason) => earlier(Err(reason)),
                }
            }
            Err(error) => {
                log_task!(error, self.labels, "ledger.unavailable", %error, "nothing reported");
                earlier(Err(NackReason::LedgerUnavailable))
            }
        }
    }

    async fn report_own(
        &self,
        outcome: Outcome,
        lease: &HeldLease,
        reports: &mut Reports,
    ) -> Result<Acked, NackReason> {
        let supervisor = self.supervisor(Some(lease));
        let report = self.decide_and_report(outcome, Some(lease), reports);
        let reported = supervisor.accompany(report).await?;
        self.finish(reported, lease.is_recorded(), reports).await
    }

    fn acked(&self, outcome: Option<Outcome>, receipt: Receipt) -> Acked {
        Acked { service: self.reporter.service(), fingerprint: self.labels.key, outcome, receipt }
    }
}

/// The outcome of the call was not taken.
fn earlier(result: Result<Acked, NackReason>) -> HandReport {
    HandReport { is_own: false, settlement: result.into() }
}
