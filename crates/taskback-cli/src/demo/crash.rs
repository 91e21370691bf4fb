//! A process that crashes in the middle of its batch, and its successor. The ledger outlives both, like a shared table.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::value::{RawValue, to_raw_value};
use taskback::examples::{Card, Verified, verify_card};
use taskback::ledger::Ledger;
use taskback::{
    BoxFuture, Outcome, ReportRequest, Reporter, Service, ServiceResponse, Services, StepError, Task,
    Taskback,
};
use tokio::sync::Notify;

use super::delivery::{Reasons, TIMEOUT, deliver_batch};
use super::messages::{self, Message};

/// Delivers the batch to a process that crashes once every task is at its fatal report, and again to the next process.
/// Returns the number of steps that ran in both.
pub(super) async fn deliver(
    url: &str,
    ledger: &Arc<dyn Ledger>,
    batch: &mut [Message],
) -> Result<usize, Box<dyn Error>> {
    let event = to_raw_value(&messages::sqs_event(batch, 1))?;
    // The crash: everything that the first process was about to do is dropped.
    let steps = run_until_crash(url, ledger, &event, batch.len()).await?;
    Ok(steps + succeed(url, ledger, batch).await?)
}

/// Handles the event until each of that many tasks is at its fatal report. Returns the number of steps that ran.
pub(super) async fn run_until_crash(
    url: &str,
    ledger: &Arc<dyn Ledger>,
    event: &RawValue,
    tasks: usize,
) -> Result<usize, Box<dyn Error>> {
    let steps = Arc::new(AtomicUsize::new(0));
    let crash =
        Arc::new(CrashPoint { expected: tasks, reached: AtomicUsize::new(0), all_reached: Notify::new() });
    let services = Services::local(url)?;
    let mut crashing = Services::default();
    for service in Service::ALL {
        if let Some(inner) = services.get(service).cloned() {
            crashing = crashing.with(CrashingReporter { inner, crash: Arc::clone(&crash) });
        }
    }
    let builder = Taskback::builder().step(counting(&steps)).services(crashing);
    let taskback = builder.ledger(ledger.clone()).build()?;
    tokio::select! {
        _ = taskback.handle(event, TIMEOUT) => {}
        () = crash.all_reached.notified() => {}
    }
    Ok(steps.load(Ordering::Relaxed))
}

/// Delivers the batch to the next process. Returns the number of steps that ran there.
pub(super) async fn succeed(
    url: &str,
    ledger: &Arc<dyn Ledger>,
    batch: &mut [Message],
) -> Result<usize, Box<dyn Error>> {
    let steps = Arc::new(AtomicUsize::new(0));
    let builder = Taskback::builder().step(counting(&steps)).services(Services::local(url)?);
    let next = builder.ledger(ledger.clone()).build()?;
    deliver_batch(&next, &Reasons::default(), batch, 2).await?;
    Ok(steps.load(Ordering::Relaxed))
}

type Verification = BoxFuture<'static, Result<Verified, StepError>>;

fn counting(steps: &Arc<AtomicUsize>) -> impl Fn(Task<Card>) -> Verification + Send + Sync + 'static + use<> {
    let steps = Arc::clone(steps);
    move |task| {
        steps.fetch_add(1, Ordering::Relaxed);
        Box::pin(verify_card(task))
    }
}

/// The moment at which all tasks have reached their fatal report.
struct CrashPoint {
    expected: usize,
    reached: AtomicUsize,
    all_reached: Notify,
}

/// A reporter whose process crashes: it sends no successful outcome, and of the others it never sees the response.
struct CrashingReporter {
    inner: Arc<dyn Reporter>,
    crash: Arc<CrashPoint>,
}

impl Reporter for CrashingReporter {
    fn service(&self) -> Service {
        self.inner.service()
    }

    fn enforce_limits(&self, outcome: Outcome) -> Outcome {
        self.inner.enforce_limits(outcome)
    }

    fn report<'a>(&'a self, request: ReportRequest<'a>) -> BoxFuture<'a, ServiceResponse> {
        Box::pin(async move {
            if matches!(request.outcome, Outcome::Failed { .. }) {
                let _ = self.inner.report(request).await; // the crash loses the response
            }
            if self.crash.reached.fetch_add(1, Ordering::Relaxed) + 1 == self.crash.expected {
                self.crash.all_reached.notify_one();
            }
            std::future::pending().await
        })
    }
}
