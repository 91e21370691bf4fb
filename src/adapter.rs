//! One delivery, from its task to its settlement: claim → step → decide → report → receipt.

mod conclude;
mod persist;

use std::sync::Arc;
use std::time::Duration;

use taskback_core::{Earlier, Fingerprint, Ours, Outcome, Receipt, RetryPolicy, Task};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

use crate::budget::Budget;
use crate::ledger::{Claim, Held, Hold, Ledger};
use crate::liveness::{self, Channels, Watch, Watched};
use crate::service::{Reporter, Services, Slot};
use crate::settings::{LateTasks, LedgerDown};
use crate::settlement::{Done, Kept, Settlement};
use crate::step::{Known, Step};
use crate::{Shutdown, report};

use conclude::{Next, conclude};
use persist::ATTEMPTS;

/// What stays the same from delivery to delivery.
pub(crate) struct Adapter {
    pub(crate) services: Services,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) step: Arc<dyn Step>,
    /// Where steps run: steps that may block not on the thread that keeps deadlines and heartbeats.
    pub(crate) steps: Handle,
    pub(crate) retry: RetryPolicy,
    pub(crate) ledger_down: LedgerDown,
    pub(crate) late: LateTasks,
    pub(crate) max_receives: Option<u32>,
    pub(crate) heartbeat: Duration,
    pub(crate) heartbeat_first: bool,
    /// Whether the service's history is asked who closed a task.
    pub(crate) ask_history: bool,
    pub(crate) shutdown: Shutdown,
}

/// One task on its way.
struct Work<'a> {
    adapter: &'a Adapter,
    reporter: &'a dyn Reporter,
    task: Task,
    key: Fingerprint,
    budget: &'a Budget,
    earlier: Earlier,
    slot: Option<Slot>,
}

impl Adapter {
    pub(crate) async fn settle(&self, task: Task, receive_count: Option<u32>, budget: &Budget) -> Settlement {
        let service = task.token.service();
        let Some(reporter) = self.services.of(service) else {
            return Settlement::Kept(Kept::NoClient(service));
        };
        if self.shutdown.is_now() {
            return Settlement::Kept(Kept::Shutdown);
        }
        if Instant::now() >= budget.steps_until() {
            return Settlement::Kept(Kept::Deadline);
        }
        // Before the claim, so that waiting for room costs no lease.
        let slot = tokio::select! {
            slot = reporter.slot(budget.steps_until()) => slot,
            () = self.shutdown.asked_now() => return Settlement::Kept(Kept::Shutdown),
        };
        let Some(slot) = slot else {
            return Settlement::Kept(Kept::NoRoom);
        };
        let key = task.token.fingerprint();
        let earlier = Earlier { receive_count, ..Earlier::default() };
        let reporter = reporter.as_ref();
        let work = Work { adapter: self, reporter, task, key, budget, earlier, slot: Some(slot) };
        match work.settle().await {
            Ok(done) => Settlement::Done(done),
            Err(kept) => Settlement::Kept(kept),
        }
    }
}

impl Work<'_> {
    async fn settle(mut self) -> Result<Done, Kept> {
        let owner = owner();
        let lease = liveness::lease(self.budget.steps_until());
        // Counted from before the question, so that it never ends later here than in the ledger.
        let leased_until = Instant::now() + lease;
        // The same owner may ask again: a claim whose answer was lost is still its own.
        match self.persist(3, || self.adapter.ledger.claim(&self.key, &owner, lease)).await {
            Ok(Claim::Ours(hold)) => self.run(Some(hold), leased_until).await,
            Ok(Claim::Running(left)) => Err(Kept::RunningElsewhere(left)),
            Ok(Claim::Reported(receipt)) => self.done(None, receipt),
            Ok(Claim::Decided(outcome)) => {
                self.earlier.found_decided = true;
                self.report(outcome, true).await
            }
            Err(error) => match self.adapter.ledger_down {
                LedgerDown::Closed => {
                    tracing::error!(task = %self.key, %error, "step not run");
                    Err(Kept::LedgerDown)
                }
                LedgerDown::Open => {
                    tracing::error!(task = %self.key, %error, open = 1, "step runs without the ledger");
                    self.run(None, leased_until).await
                }
            },
        }
    }

    /// Runs the step and tells what it decided. `hold` is absent only where the ledger is down.
    async fn run(mut self, hold: Option<Hold>, leased_until: Instant) -> Result<Done, Kept> {
        let Channels { cancel, cancelled, say, said } = Channels::new();
        let until = self.budget.steps_until();
        let known = Known {
            token: self.task.token.clone(),
            execution: self.task.execution.clone(),
            attempt: self.earlier.receive_count,
            claim: hold.as_ref().map(|hold| hold.epoch),
            limit: until,
            cancellation: cancelled,
            progress: say,
        };
        let input = std::mem::take(&mut self.task.input);
        let watched = Watched {
            reporter: self.reporter,
            ledger: self.adapter.ledger.as_ref(),
            token: &self.task.token,
            key: &self.key,
            hold: hold.as_ref(),
            watch: Watch {
                heartbeat: self.task.heartbeat.map_or(self.adapter.heartbeat, |timeout| timeout / 3),
                heartbeat_first: self.adapter.heartbeat_first,
                until,
                leased_until,
            },
            cancel,
            progress: said,
            shutdown: &self.adapter.shutdown,
        };
        // All of the step's own code runs over there, also what it does before its first await.
        let step = Arc::clone(&self.adapter.step);
        let step = Box::pin(async move { step.run(crate::Task::new(input, known)).await });
        let end = watched.attend(&self.adapter.steps, step).await;
        drop(watched);
        let last =
            self.adapter.max_receives.zip(self.earlier.receive_count).is_some_and(|(most, n)| n >= most);
        match conclude(end, last, &self.task.token) {
            Next::Tell(outcome) => {
                let outcome = self.fit(outcome);
                let remembered = match &hold {
                    Some(hold) => self.decide(hold, &outcome).await?,
                    None => false,
                };
                self.report(outcome, remembered).await
            }
            Next::Release(why) => {
                self.release(hold).await;
                Err(why)
            }
            Next::Closed => {
                // A shared ledger that gave the task out knows of no outcome of ours: that it was
                // delivered before makes none likely.
                let untold = hold.is_some() && self.adapter.ledger.is_shared();
                self.release(hold).await;
                let ours = match self.earlier.ours() {
                    Ours::Likely if untold => Ours::Unknown,
                    ours => ours,
                };
                self.done(None, Receipt::Closed { ours })
            }
        }
    }

    /// The outcome as service and ledger can take it: this is settled before it is decided.
    fn fit(&self, outcome: Outcome) -> Outcome {
        match self.reporter.fit(outcome) {
            large @ Outcome::Succeeded(_) if !self.adapter.ledger.fits(&large) => Outcome::output_too_large(),
            fits => fits,
        }
    }

    async fn report(mut self, outcome: Outcome, remembered: bool) -> Result<Done, Kept> {
        let told = report::tell(
            self.reporter,
            &self.task.token,
            &outcome,
            self.slot.take(),
            &mut self.earlier,
            &self.adapter.retry,
            self.budget.reports_until(),
        )
        .await;
        match told.result {
            Ok(receipt) => {
                let receipt = self.settle_closed(receipt, &outcome).await;
                tracing::info!(
                    task = %self.key, service = %self.reporter.service(), outcome = outcome.name(),
                    receipt = receipt.name(), attempts = told.attempts, "told"
                );
                if remembered {
                    self.remember(&outcome, &receipt).await;
                }
                self.done(Some(outcome), receipt)
            }
            Err(error) => {
                tracing::error!(
                    task = %self.key, service = %self.reporter.service(), outcome = outcome.name(),
                    attempts = told.attempts, %error, "report without a receipt"
                );
                let Some(fixed) = outcome.replacement(error.kind) else {
                    return Err(Kept::Unreported(error.kind));
                };
                if remembered {
                    let replaced = self.persist(ATTEMPTS, || {
                        self.adapter.ledger.replace(&self.key, outcome.digest(), &fixed)
                    });
                    if replaced.await != Ok(Held::Yes) {
                        return Err(Kept::Unreported(error.kind));
                    }
                }
                Box::pin(self.report(fixed, remembered)).await
            }
        }
    }

    /// What the history says of who closed the task, where it is to be asked and answers in time.
    async fn settle_closed(&self, receipt: Receipt, outcome: &Outcome) -> Receipt {
        if !self.adapter.ask_history || !matches!(receipt, Receipt::Closed { .. }) {
            return receipt;
        }
        let asked = self.reporter.closed_by(&self.task.execution, outcome);
        match timeout_at(self.budget.reports_until(), asked).await {
            Ok(Some(ours)) => Receipt::Closed { ours },
            Ok(None) | Err(_) => receipt,
        }
    }

    /// A receipt ends our duty, unless the task was closed by somebody else and the settings say
    /// to keep such messages.
    fn done(&self, outcome: Option<Outcome>, receipt: Receipt) -> Result<Done, Kept> {
        if let Receipt::Closed { ours: ours @ (Ours::No | Ours::Unknown) } = receipt {
            tracing::error!(task = %self.key, ?ours, "the task was closed before we told its outcome");
            if self.adapter.late == LateTasks::Keep {
                return Err(Kept::Late);
            }
        }
        Ok(Done { service: self.reporter.service(), fingerprint: self.key, outcome, receipt })
    }
}

/// Unique to the claim, even where a machine's memory was copied: two owners of one name would
/// undo the fencing.
fn owner() -> String {
    let mut bytes = [0; 16];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u128::from_be_bytes(bytes),
        Err(_) => fastrand::u128(..),
    }
    .to_string()
}
