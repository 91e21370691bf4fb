//! A step that runs, and one that cannot be stopped.

use std::sync::Arc;
use std::time::Duration;

use taskback_core::Fingerprint;
use taskback_core::ledger::WriteResult;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;

use super::lease::HeldLease;
use crate::deadline::before;
use crate::ledger::Ledger;
use crate::step::{StepError, StepOutput};

/// The timeout of one renewal.
pub(super) const RENEWAL_PATIENCE: Duration = Duration::from_secs(3);

pub(super) type Ended = Result<Result<StepOutput, StepError>, JoinError>;

/// A step's task, which does not outlive its supervisor, as far as it can be stopped.
pub(crate) struct Running(pub(super) JoinHandle<Result<StepOutput, StepError>>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Renews the claim of a step that does not stop, so that no other owner runs it beside this one; then
/// releases it.
pub(crate) async fn keep_while_running(
    ledger: Arc<dyn Ledger>,
    key: Fingerprint,
    lease: HeldLease,
    mut running: Running,
) {
    // At once, since the present lease ends with the time for reports.
    loop {
        let renewal = ledger.renew(&key, lease.lease(), lease.max());
        if before(Instant::now() + RENEWAL_PATIENCE, renewal).await == Some(Ok(WriteResult::Superseded)) {
            return;
        }
        if before(Instant::now() + lease.max() / 3, &mut running.0).await.is_some() {
            break;
        }
    }
    // Where this fails the lease ends by itself.
    let _ends_anyway = before(Instant::now() + RENEWAL_PATIENCE, ledger.release(&key, lease.lease())).await;
}
