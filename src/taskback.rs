use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use taskback_core::{Execution, MessageFormat, Outcome, RawTask, TaskToken};
use tokio::time::sleep;

use crate::adapter::{Adapter, HandReport};
use crate::batch;
use crate::budget::Budget;
use crate::delivery::Delivery;
use crate::future::BoxFuture;
use crate::handler::Handler;
use crate::metrics::Metrics;
use crate::response::Response;
#[cfg(feature = "sqs")]
use crate::settlement::NackReason;
use crate::settlement::Settlement;
use crate::shutdown::Shutdown;
#[cfg(feature = "sqs")]
use crate::sqs::{self, DelayPolicy, Queue, Role};
use crate::trigger::{Event, InvocationError};

/// A step with the services that it reports to. Clones share all of it.
#[derive(Clone)]
pub struct Taskback(pub(crate) Arc<Inner>);

pub(crate) type Observer = Box<dyn Fn(&Settlement) + Send + Sync>;

pub(crate) struct Inner {
    pub(crate) adapter: Adapter,
    pub(crate) message_format: MessageFormat,
    pub(crate) concurrency: usize,
    pub(crate) observer: Option<Observer>,
    #[cfg(feature = "sqs")]
    pub(crate) queue: Option<Queue>,
    #[cfg(feature = "sqs")]
    pub(crate) role: Role,
}

impl Taskback {
    /// Handles one event as the deployed function does and gives its response. `remaining` is the
    /// invocation's time; zero = unknown, which counts as 3 s.
    pub async fn handle(&self, event: &RawValue, remaining: Duration) -> Result<Response, InvocationError> {
        let budget = Budget::new(remaining);
        let Inner { adapter, message_format, concurrency, .. } = &*self.0;
        let event = Event::decode(event).inspect_err(
            |error| tracing::error!(event = "event.rejected", %error, "failed to decode an event"),
        )?;
        let tasks = batch::Tasks::new(adapter, message_format, &budget, event.wants_outcomes());
        let settlements = batch::settle(&tasks, *concurrency, event.deliveries(), &budget).await;
        self.count_nacks(event.deliveries(), &settlements);
        if let Some(observer) = &self.0.observer {
            settlements.iter().for_each(observer);
        }
        #[cfg(feature = "sqs")]
        if let Some(queue) = &self.0.queue {
            queue.delay_redelivery(event.deliveries(), &settlements, self.delay_policy(), &budget).await;
        }
        event
            .respond(&settlements)
            .inspect_err(|error| tracing::error!(event = "invocation.failed", %error, "invocation failed"))
    }

    /// Reports an outcome that a person chose, within `time`, as any owner does: claimed, decided, reported. So it neither
    /// contradicts an outcome that is recorded, which is reported in its place, nor takes over a task that another owner
    /// runs. No step runs.
    ///
    /// It is reported [`as_recorded`](Self::as_recorded); an output that service or ledger cannot take is the failure
    /// `OutputTooLarge`, as with a step.
    pub async fn report_by_hand(&self, token: TaskToken, outcome: Outcome, time: Duration) -> HandReport {
        let outcome = without_token(outcome, &token);
        let task = RawTask {
            token,
            input: Box::<RawValue>::default(),
            heartbeat: None,
            execution: Execution::default(),
        };
        self.0.adapter.report_by_hand(task, outcome, &Budget::new(time)).await
    }

    /// Returns the outcome as it is recorded and reported: without the token in its texts, which are cut to the service's
    /// limits. `None` = service or ledger cannot take its output.
    pub fn as_recorded(&self, token: &TaskToken, outcome: Outcome) -> Option<Outcome> {
        let Inner { adapter, .. } = &*self.0;
        let name = outcome.name();
        let outcome = without_token(outcome, token);
        let limited = match adapter.services.get(token.service()) {
            Some(reporter) => reporter.enforce_limits(outcome),
            None => outcome,
        };
        (limited.name() == name && adapter.ledger.fits(&limited)).then_some(limited)
    }

    /// The names of the services that it reports to.
    pub(crate) fn services(&self) -> String {
        self.0.adapter.services.names()
    }

    /// Returns `true` if retryable errors can be reported on a last delivery, which the dead-letter handler does not have.
    #[cfg(feature = "sqs")]
    pub(crate) fn has_last_delivery_rule(&self) -> bool {
        matches!(self.0.role, Role::Worker)
    }

    /// Asks the ledger whether it can be used: see [`Ledger::check`](crate::ledger::Ledger::check).
    #[cfg(feature = "sqs")]
    pub(crate) async fn check_ledger(&self) -> Result<(), crate::ledger::LedgerError> {
        self.0.adapter.ledger.check().await
    }

    /// Settles one message of a queue; the caller sets its delay if it is not acknowledged.
    #[cfg(feature = "sqs")]
    pub(crate) async fn settle(&self, message: Delivery<'_>, budget: &Budget) -> Settlement {
        let tasks = batch::Tasks::new(&self.0.adapter, &self.0.message_format, budget, false);
        let messages = [message];
        let settled = batch::settle(&tasks, 1, &messages, budget).await;
        self.count_nacks(&messages, &settled);
        settled.into_iter().next().unwrap_or(Settlement::Nack(NackReason::TimedOut))
    }

    /// The counters of its tasks.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.adapter.metrics
    }

    fn count_nacks(&self, deliveries: &[Delivery<'_>], settlements: &[Settlement]) {
        let metrics = self.metrics();
        if !metrics.is_on() {
            return;
        }
        for (delivery, settlement) in deliveries.iter().zip(settlements) {
            if let Settlement::Nack(reason) = settlement {
                let task = delivery.task(&self.0.message_format).ok();
                metrics.nacked(task.map(|task| task.token.service()), reason);
            }
        }
    }

    /// The time until a message that was not acknowledged is redelivered; `None` = the queue's visibility timeout.
    #[cfg(feature = "sqs")]
    pub(crate) fn delay(&self, reason: &NackReason, receives: u32) -> Option<Duration> {
        sqs::delay(reason, self.delay_policy(), receives, fastrand::f64())
    }

    #[cfg(feature = "sqs")]
    fn delay_policy(&self) -> DelayPolicy {
        DelayPolicy { role: self.0.role, max_receives: self.0.adapter.max_receives }
    }

    /// The handle by which it is asked to end.
    pub fn shutdown(&self) -> &Shutdown {
        &self.0.adapter.shutdown
    }

    /// Steps at once.
    #[cfg(feature = "sqs")]
    pub(crate) fn concurrency(&self) -> usize {
        self.0.concurrency
    }

    /// Opens a connection to the configured service soon, without waiting for it: after the host was asked for the first
    /// event, for both need the one core that a function has.
    pub fn warm_up(&self) {
        let first = self.0.adapter.services.first(self.0.message_format.service);
        if let Some(reporter) = first.cloned() {
            tokio::spawn(async move {
                sleep(START).await;
                reporter.warm_up().await;
            });
        }
    }
}

/// The time from building a worker to its first request for an event, with some room.
const START: Duration = Duration::from_millis(10);

impl Handler for Taskback {
    fn handle<'a>(
        &'a self,
        event: &'a RawValue,
        remaining: Duration,
        _invocation: &'a str,
    ) -> BoxFuture<'a, Result<Response, InvocationError>> {
        Box::pin(Self::handle(self, event, remaining))
    }
}

fn without_token(outcome: Outcome, token: &TaskToken) -> Outcome {
    let line = |text: String| token.redact_line(&text, usize::MAX);
    match outcome {
        // An output is the user's.
        Outcome::Succeeded(output) => Outcome::Succeeded(output),
        Outcome::Failed { error, cause } => Outcome::failed(line(error), token.redact_text(&cause)),
        Outcome::Canceled { details } => Outcome::Canceled { details: token.redact_text(&details) },
        Outcome::DelegatedTo { to } => Outcome::DelegatedTo { to: line(to) },
    }
}

/// Opaque but for the names of the services.
impl fmt::Debug for Taskback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Taskback").field("services", &self.services()).finish_non_exhaustive()
    }
}
