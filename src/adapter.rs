//! One delivery, from its task to its settlement: claim → step → decide → report → receipt.

mod by_hand;
mod delegation;
mod ledger_retry;
mod owner;
mod policy;
mod reporting;
mod resolve;
mod task_run;

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use taskback_core::{Digest, Outcome, PriorAttempts, RawTask, Receipt};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tracing::Instrument;

use crate::budget::Budget;
use crate::delivery::Delivery;
use crate::ledger::{Claim, ClaimRequest, Claimed, LedgerError};
use crate::metrics::Count;
use crate::report::Reports;
use crate::settlement::{Acked, NackReason, Settlement};
use crate::step::{self, Step, StepOutput, TaskContext};
use crate::supervisor::{
    Heartbeats, HeldLease, Running, StepExit, Supervisor, keep_while_running, lease_length,
};
use crate::task_labels::{TaskLabels, log_task};

pub use by_hand::HandReport;
pub use policy::{ClosedTaskPolicy, LedgerFailurePolicy};
use resolve::{Chances, NextAction, resolve};
pub(crate) use task_run::Adapter;
use task_run::TaskRun;

impl Adapter {
    /// Settles one task. `input` is the digest of its input.
    pub(crate) async fn settle(
        &self,
        mut task: RawTask,
        input: Digest,
        delivery: &Delivery<'_>,
        budget: &Budget,
    ) -> Settlement {
        let service = task.token.service();
        let Some(reporter) = self.services.get(service) else {
            return Settlement::Nack(NackReason::ServiceNotConfigured(service));
        };
        self.metrics.queue_age(service, delivery.sent);
        if self.shutdown.is_now() {
            return Settlement::Nack(NackReason::Shutdown);
        }
        if Instant::now() >= budget.step_deadline() {
            return Settlement::Nack(NackReason::Deadline);
        }
        // Before the claim, so that waiting for it costs no lease; before the permit, which others wait for.
        let step = match self.step.reserve(&task) {
            None => Arc::clone(&self.step),
            Some(reserve) => tokio::select! {
                step = reserve => step,
                () = sleep_until(budget.step_deadline()) => return Settlement::Nack(NackReason::Deadline),
                () = self.shutdown.asked_now() => return Settlement::Nack(NackReason::Shutdown),
            },
        };
        // Before the claim, so that waiting for a permit costs no lease.
        let permit = tokio::select! {
            permit = reporter.permit(budget.step_deadline()) => permit,
            () = self.shutdown.asked_now() => return Settlement::Nack(NackReason::Shutdown),
        };
        let Some(permit) = permit else {
            return Settlement::Nack(NackReason::NoPermit);
        };
        let prior = PriorAttempts { receive_count: delivery.receive_count, ..PriorAttempts::default() };
        let reports = Reports { prior, permit: Some(permit), attempts: 0 };
        let step_input = std::mem::take(&mut task.input);
        let labels = TaskLabels::new(&task, delivery);
        let run = TaskRun {
            adapter: self,
            reporter: reporter.as_ref(),
            labels: &labels,
            step,
            step_input,
            input: Some(input),
            budget,
        };
        let settled = run.settle(reports).await;
        if let Err(NackReason::ReportFailed(_)) = settled {
            self.metrics.count(service, Count::OutcomesUnreported);
        }
        settled.into()
    }
}

impl TaskRun<'_> {
    async fn settle(mut self, mut reports: Reports) -> Result<Acked, NackReason> {
        let max = self.adapter.lease;
        let lease = lease_length(self.budget.report_deadline(), max);
        // Counted from before the claim, so that it never ends later here than in the ledger.
        let ends = Instant::now() + lease;
        match self.claim(lease).await {
            Ok(Claim::Acquired(lease)) => self.run(Some(HeldLease::new(lease, max, ends)), reports).await,
            // Workers have leases of one length; an owner's clock that is ahead says otherwise.
            Ok(Claim::HeldByOther(remaining)) => Err(NackReason::HeldByOther(remaining.min(max))),
            // Counted and logged by the delivery that got the receipt.
            Ok(Claim::Reported(receipt)) => self.acknowledge(None, receipt),
            Ok(Claim::Decided(Outcome::DelegatedTo { to })) => self.confirm_delegation(to, reports).await,
            Ok(Claim::Decided(outcome)) => {
                reports.prior.found_decided = true;
                let supervisor = self.supervisor(None);
                let report = self.report_recorded(outcome, &mut reports);
                let reported = supervisor.accompany(report).await?;
                self.finish(reported, true, &reports).await
            }
            // A refusal is not a reason to run without a lease: the ledger works.
            Err(error @ LedgerError::Unavailable(_))
                if self.adapter.ledger_failure == LedgerFailurePolicy::FailOpen =>
            {
                log_task!(
                    error, self.labels, "ledger.unavailable", %error, open = 1,
                    "running the step without the ledger"
                );
                self.run(None, reports).await
            }
            Err(error) => {
                log_task!(error, self.labels, "ledger.unavailable", %error, "step not run");
                Err(NackReason::LedgerUnavailable)
            }
        }
    }

    /// Claims the task. The same owner may repeat the claim: one whose answer was lost is still its own.
    async fn claim(&self, lease: Duration) -> Result<Claim, LedgerError> {
        // Only a store that people look into holds the ids.
        let execution = if self.adapter.ledger.is_shared() {
            self.labels.task.scrubbed_execution()
        } else {
            Default::default()
        };
        let owner = owner::unique_name();
        let request =
            ClaimRequest { owner: &owner, duration: lease, input: self.input, execution: &execution };
        let deadline = self.half_time();
        let Claimed { claim, input_differs } = self
            .with_ledger_retry(3, deadline, || self.adapter.ledger.claim(&self.labels.key, &request))
            .await?;
        if input_differs {
            log_task!(warn, self.labels, "task.input_differs", "the task token returned with another input");
        }
        Ok(claim)
    }

    /// Runs the step, decides its outcome and reports it. `lease` is absent only where the step runs
    /// without the ledger.
    async fn run(&mut self, lease: Option<HeldLease>, mut reports: Reports) -> Result<Acked, NackReason> {
        let input = std::mem::take(&mut self.step_input);
        let supervisor = self.supervisor(lease.as_ref());
        let task = self.step_task(input, &supervisor, &reports);
        let (exit, lingering) = match self.run_step(&supervisor, task).await {
            StepExit::Lingers(reason, running) => (StepExit::Cancelled(reason, None), Some(running)),
            exit => (exit, None),
        };
        let delegation = supervisor.delegation.borrow().clone();
        if let Some(to) = delegation
            && !matches!(exit, StepExit::Ended(Ok(StepOutput::Delegated { .. })))
        {
            let reason = supervisor.accompany(self.record_delegation(to, lease.as_ref())).await;
            // Without a recorded delegation only the claim keeps other owners from running the step beside this one.
            if lingering.is_some() {
                self.end_claim(lease, lingering).await;
            }
            return Err(reason);
        }
        match resolve(exit, self.chances(reports.prior.receive_count), self.labels) {
            NextAction::Report(outcome) => {
                let report = self.decide_and_report(outcome, lease.as_ref(), &mut reports);
                let reported = supervisor.accompany(report).await?;
                let is_recorded = lease.as_ref().is_some_and(HeldLease::is_recorded);
                self.finish(reported, is_recorded, &reports).await
            }
            NextAction::Release(reason) => {
                let ran_out = lease.as_ref().is_some_and(|lease| lease.is_over() && !lease.is_taken());
                self.end_claim(lease, lingering).await;
                Err(if ran_out && reason == NackReason::LeaseLost {
                    NackReason::LeaseExpired
                } else {
                    reason
                })
            }
            NextAction::Closed => {
                let is_from_shared_ledger = lease.is_some() && self.adapter.ledger.is_shared();
                self.end_claim(lease, lingering).await;
                let closed_by = reports.prior.closed_by_without_outcome(is_from_shared_ledger);
                let receipt = Receipt::Closed { closed_by };
                self.observe(None, &receipt);
                self.acknowledge(None, receipt)
            }
        }
    }

    /// Runs all of the step's code on the runtime of the steps, also what it does before its first await.
    async fn run_step(&self, supervisor: &Supervisor<'_>, task: step::Task<Box<RawValue>>) -> StepExit {
        let step = Arc::clone(&self.step);
        supervisor.run(&self.adapter.steps, Box::pin(async move { step.run(task).await })).await
    }

    /// Releases the claim of a step without an outcome, once its step has stopped.
    async fn end_claim(&self, lease: Option<HeldLease>, lingering: Option<Running>) {
        match (lease, lingering) {
            (Some(lease), Some(running)) => {
                log_task!(
                    warn,
                    self.labels,
                    "step.lingers",
                    "the cancelled step does not stop; its claim, while it has one, is renewed until it ends"
                );
                let ledger = Arc::clone(&self.adapter.ledger);
                let keeping = keep_while_running(ledger, self.labels.key, lease, running);
                tokio::spawn(keeping.in_current_span());
            }
            (lease, _) => self.release(lease.as_ref()).await,
        }
    }

    fn chances(&self, receive_count: Option<u32>) -> Chances {
        match self.adapter.max_receives.zip(receive_count) {
            Some((max, count)) if count >= max && self.adapter.ledger.is_shared() => Chances::DeadLetters,
            Some((max, count)) if count >= max => Chances::Nothing,
            _ => Chances::Delivery,
        }
    }

    fn supervisor<'s>(&'s self, lease: Option<&'s HeldLease>) -> Supervisor<'s> {
        let interval = self.labels.task.heartbeat.map_or(self.adapter.heartbeat, |timeout| timeout / 3);
        Supervisor {
            reporter: self.reporter,
            ledger: self.adapter.ledger.as_ref(),
            labels: self.labels,
            lease,
            heartbeats: Heartbeats::new(interval, self.adapter.heartbeat_first),
            budget: self.budget,
            shutdown: &self.adapter.shutdown,
            metrics: &self.adapter.metrics,
            cancel: watch::Sender::new(None),
            progress: watch::Sender::new(String::new()),
            delegation: watch::Sender::new(None),
        }
    }

    fn step_task(
        &self,
        input: Box<RawValue>,
        supervisor: &Supervisor<'_>,
        reports: &Reports,
    ) -> step::Task<Box<RawValue>> {
        let attempt = reports.prior.receive_count;
        let context = TaskContext {
            token: self.labels.task.token.clone(),
            execution: self.labels.task.execution.clone(),
            attempt,
            claim: supervisor.lease.map(|lease| lease.lease().epoch),
            is_last: self.chances(attempt) != Chances::Delivery,
            limit: self.budget.step_deadline(),
            cancellation: supervisor.cancel.subscribe(),
            progress: supervisor.progress.clone(),
            delegation: supervisor.delegation.clone(),
        };
        step::Task::new(input, context)
    }
}

#[cfg(test)]
#[cfg(all(feature = "testing", feature = "swf"))]
mod tests;
