//! A token that another party may hold, where nothing confirmed it.

use taskback_core::{Outcome, Receipt};

use super::task_run::TaskRun;
use crate::report::Reports;
use crate::settlement::{Acked, NackReason};
use crate::step::StepOutput;
use crate::supervisor::{HeldLease, StepExit};
use crate::task_labels::log_task;

impl TaskRun<'_> {
    /// Records that another party may hold the token: from then on no owner reports a failure in its
    /// place, and neither does the handler of dead letters.
    pub(super) async fn record_delegation(&self, to: String, lease: Option<&HeldLease>) -> NackReason {
        let to = self.labels.task.token.redact_line(&to, 512);
        log_task!(
            error,
            self.labels,
            "task.delegation_unconfirmed",
            to,
            "the token may have been handed on; nothing else is reported for the task"
        );
        let Some(lease) = lease else { return NackReason::Retryable };
        match self.decide(lease, &Outcome::DelegatedTo { to }).await {
            Ok(true) => NackReason::Retryable,
            Ok(false) => NackReason::LedgerUnavailable,
            Err(reason) => reason,
        }
    }

    /// Runs a step again that finds the same party by name; any other delegation stays as it is.
    pub(super) async fn confirm_delegation(
        mut self,
        to: String,
        reports: Reports,
    ) -> Result<Acked, NackReason> {
        let input = std::mem::take(&mut self.step_input);
        let supervisor = self.supervisor(None);
        let task = self.step_task(input, &supervisor, &reports);
        if self.adapter.step.confirms_delegation(&task) {
            let exit = self.run_step(&supervisor, task).await;
            if !matches!(exit, StepExit::Ended(Ok(StepOutput::Delegated { .. }))) {
                return Err(self.record_delegation(to, None).await);
            }
        }
        let receipt = Receipt::Delegated { to: to.clone() };
        self.finish((Outcome::DelegatedTo { to }, receipt), true, &reports).await
    }
}

#[cfg(test)]
#[cfg(all(feature = "fnf", feature = "testing"))]
mod tests;
