//! A process that is killed in the middle of its batch, and the one after it. The ledger stands for a
//! shared table: it outlives both.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::value::to_raw_value;
use taskback::core::{Answer, Outcome, Service, TaskToken};
use taskback::ledger::Memory;
use taskback::{BoxFuture, Card, Reporter, Services, Slot, StepError, Task, Taskback, Verified, verify_card};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::TIMEOUT;
use super::messages::{self, Message};

/// Delivers the batch to a process that is killed once every task of it is at its fatal report, and
/// again to the next process. Gives the number of steps that ran in both.
pub(super) async fn deliver(
    url: &str,
    ledger: &Arc<Memory>,
    batch: &mut [Message],
) -> Result<usize, Box<dyn Error>> {
    let ran = Arc::new(AtomicUsize::new(0));
    let death = Arc::new(Death { expected: batch.len(), reached: AtomicUsize::new(0), all: Notify::new() });
    let services = Services::local(url)?;
    let dying =
        |service| services.of(service).cloned().map(|inner| Dying { inner, death: Arc::clone(&death) });
    let mut fatal = Services::default();
    for service in [Service::Fnf, Service::Swf] {
        if let Some(reporter) = dying(service) {
            fatal = fatal.with(reporter);
        }
    }
    let first = Taskback::builder().step(counting(&ran)).services(fatal).ledger(ledger.clone()).build()?;
    let event = to_raw_value(&messages::sqs_event(batch, 1))?;
    tokio::select! {
        _ = first.handle(&event, TIMEOUT) => {}
        // Nothing of the first process goes on from here: what it was about to do is dropped.
        () = death.all.notified() => {}
    }
    let next = Taskback::builder().step(counting(&ran)).services(services).ledger(ledger.clone()).build()?;
    super::deliver(&next, batch, 2).await?;
    Ok(ran.load(Ordering::Relaxed))
}

type Verification = BoxFuture<'static, Result<Verified, StepError>>;

fn counting(ran: &Arc<AtomicUsize>) -> impl Fn(Task<Card>) -> Verification + Send + Sync + 'static + use<> {
    let ran = Arc::clone(ran);
    move |task| {
        ran.fetch_add(1, Ordering::Relaxed);
        Box::pin(verify_card(task))
    }
}

struct Death {
    expected: usize,
    reached: AtomicUsize,
    all: Notify,
}

/// Sends no report of a valid card, and every other one, whose answer it does not live to see.
struct Dying {
    inner: Arc<dyn Reporter>,
    death: Arc<Death>,
}

impl Reporter for Dying {
    fn service(&self) -> Service {
        self.inner.service()
    }

    fn fit(&self, outcome: Outcome) -> Outcome {
        self.inner.fit(outcome)
    }

    fn report<'a>(
        &'a self,
        token: &'a TaskToken,
        outcome: &'a Outcome,
        slot: Option<Slot>,
        by: Instant,
    ) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            if matches!(outcome, Outcome::Failed { .. }) {
                self.inner.report(token, outcome, slot, by).await;
            }
            if self.death.reached.fetch_add(1, Ordering::Relaxed) + 1 == self.death.expected {
                self.death.all.notify_one();
            }
            std::future::pending().await
        })
    }
}
