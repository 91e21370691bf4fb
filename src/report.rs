//! The one retry loop for reports.

use std::time::Duration;

use taskback_core::{Answer, Earlier, Outcome, Receipt, ReportError, RetryPolicy, TaskToken, read};
use tokio::time::{Instant, sleep, timeout_at};

use crate::service::{Reporter, Slot};

/// What telling an outcome came to.
pub(crate) struct Told {
    pub(crate) result: Result<Receipt, ReportError>,
    pub(crate) attempts: u32,
}

/// Tells `outcome` until there is a receipt, an error that trying again does not mend, or no time.
/// What is learned of lost answers stays in `earlier`.
pub(crate) async fn tell(
    reporter: &dyn Reporter,
    token: &TaskToken,
    outcome: &Outcome,
    mut slot: Option<Slot>,
    earlier: &mut Earlier,
    policy: &RetryPolicy,
    until: Instant,
) -> Told {
    if let Outcome::Delegated { to } = outcome {
        return Told { result: Ok(Receipt::HandedOver { to: to.clone() }), attempts: 0 };
    }
    let mut attempts = 0;
    loop {
        // Room for another attempt may take longer than an attempt.
        if attempts > 0 {
            slot = timeout_at(until, reporter.slot(until)).await.ok().flatten();
        }
        attempts += 1;
        let by = attempt_until(until);
        let answer = timeout_at(by, reporter.report(token, outcome, slot.take(), by))
            .await
            .unwrap_or_else(|_| Answer::Missing { sent: true, why: "no answer in time".into() });
        let error = match read(token, &answer, *earlier) {
            Ok(receipt) => return Told { result: Ok(receipt), attempts },
            Err(error) => error,
        };
        earlier.lost_answer |= error.maybe_taken;
        let left = until.saturating_duration_since(Instant::now());
        match policy.wait(error.kind, attempts, left, fastrand::f64()) {
            Some(wait) => {
                tracing::debug!(token = ?token, attempts, %error, "report is tried again");
                sleep(wait).await;
            }
            None => return Told { result: Err(error), attempts },
        }
    }
}

/// No single attempt takes all the time: a service has been seen to hold a call for minutes.
fn attempt_until(until: Instant) -> Instant {
    const LONGEST: Duration = Duration::from_secs(10);
    const SHORTEST: Duration = Duration::from_millis(250);
    let now = Instant::now();
    let left = until.saturating_duration_since(now);
    // Never a moment behind `until`, where all work is cut off and no attempt could tell its end.
    now + left.min((left / 2).clamp(SHORTEST, LONGEST))
}
