//! What is written to the ledger on a task's way, and how hard it is tried.

use std::time::Duration;

use taskback_core::{Outcome, Receipt};
use tokio::time::{Instant, sleep, timeout_at};

use super::Work;
use crate::BoxFuture;
use crate::ledger::{Held, Hold, Unreachable};
use crate::settlement::Kept;

/// How often a write that must not be lost is tried.
pub(super) const ATTEMPTS: u32 = 10;

/// How long the ledger may take for one answer before it is asked again.
const LEDGER_PATIENCE: Duration = Duration::from_secs(3);

impl Work<'_> {
    /// Whether the ledger holds the outcome now; an error where another owner was faster.
    pub(super) async fn decide(&self, hold: &Hold, outcome: &Outcome) -> Result<bool, Kept> {
        match self.persist(ATTEMPTS, || self.adapter.ledger.decide(&self.key, hold, outcome)).await {
            Ok(Held::Yes) => Ok(true),
            Ok(Held::Lost) => {
                tracing::error!(task = %self.key, "another owner took the task over; its outcome counts");
                Err(Kept::LeaseLost)
            }
            // The service takes only one outcome, so telling it unremembered is safe.
            Err(error) => {
                tracing::error!(task = %self.key, %error, "outcome not remembered; reported all the same");
                Ok(false)
            }
        }
    }

    pub(super) async fn remember(&self, outcome: &Outcome, receipt: &Receipt) {
        let digest = outcome.digest();
        match self.persist(ATTEMPTS, || self.adapter.ledger.reported(&self.key, digest, receipt)).await {
            Ok(Held::Yes) => {}
            Ok(Held::Lost) => {
                tracing::error!(task = %self.key, "the ledger holds another outcome than was told")
            }
            // The message is done all the same; should it come again, the service says "closed".
            Err(error) => tracing::warn!(task = %self.key, %error, "receipt not remembered"),
        }
    }

    pub(super) async fn release(&self, hold: Option<Hold>) {
        let Some(hold) = hold else { return };
        if let Err(error) = self.persist(ATTEMPTS, || self.adapter.ledger.release(&self.key, &hold)).await {
            tracing::warn!(task = %self.key, %error, "claim not released; it ends with its lease");
        }
    }

    /// A write to the ledger, tried again for half of the time that is left.
    pub(super) async fn persist<'a, T>(
        &self,
        attempts: u32,
        write: impl Fn() -> BoxFuture<'a, Result<T, Unreachable>>,
    ) -> Result<T, Unreachable> {
        let left = self.budget.reports_until().saturating_duration_since(Instant::now());
        let until = Instant::now() + left / 2;
        let mut made = 0;
        loop {
            made += 1;
            let patience = (left / 8).min(LEDGER_PATIENCE);
            let error = match timeout_at(until.min(Instant::now() + patience), write()).await {
                Ok(Ok(done)) => return Ok(done),
                Ok(Err(error)) => error,
                Err(_) => Unreachable("no answer in time".into()),
            };
            let wait = self.adapter.retry.jittered(made, fastrand::f64());
            if made >= attempts || Instant::now() + wait >= until {
                return Err(error);
            }
            sleep(wait).await;
        }
    }
}
