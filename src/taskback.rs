mod builder;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use serde_json::value::RawValue;
use taskback_core::{Reading, Service};
use tokio::time::sleep;

use crate::adapter::Adapter;
#[cfg(feature = "sqs")]
use crate::queue::{Queue, Role};
use crate::trigger::Event;
use crate::{Budget, InvocationError, Shutdown, batch};
#[cfg(feature = "sqs")]
use crate::{Kept, Settlement, delivery::Delivery, queue};

pub use builder::Builder;

/// A step, the services it reports to, and everything between. Clones share all of it.
#[derive(Clone)]
pub struct Taskback(Arc<Parts>);

struct Parts {
    adapter: Adapter,
    reading: Reading,
    concurrency: usize,
    #[cfg(feature = "sqs")]
    queue: Option<Queue>,
    #[cfg(feature = "sqs")]
    role: Role,
}

impl Taskback {
    /// Starts with the defaults of the [`Settings`](crate::Settings); a step must be added.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Handles one event as the deployed function does and gives its answer. `remaining` is the
    /// invocation's time; zero = unknown, which counts as 3 s.
    pub async fn handle(&self, event: &RawValue, remaining: Duration) -> Result<Value, InvocationError> {
        let budget = Budget::lasting(remaining);
        let Parts { adapter, reading, concurrency, .. } = &*self.0;
        let event = Event::of(event).inspect_err(|error| tracing::error!(%error, "event not read"))?;
        let tasks = batch::Tasks::new(adapter, reading, &budget, event.answers_with_outcomes());
        let settlements = batch::settle(&tasks, *concurrency, event.deliveries(), &budget).await;
        #[cfg(feature = "sqs")]
        if let Some(queue) = &self.0.queue {
            queue.give_back(event.deliveries(), &settlements, self.0.role, &budget).await;
        }
        event.answer(&settlements).inspect_err(|error| tracing::error!(%error, "invocation failed"))
    }

    /// Settles one message of a queue; the caller sets the delay of a kept one.
    #[cfg(feature = "sqs")]
    pub(crate) async fn settle(&self, message: Delivery<'_>, budget: &Budget) -> Settlement {
        let tasks = batch::Tasks::new(&self.0.adapter, &self.0.reading, budget, false);
        let settled = batch::settle(&tasks, 1, &[message], budget).await;
        settled.into_iter().next().unwrap_or(Settlement::Kept(Kept::Unfinished))
    }

    /// When a message comes back that was kept; `None` = when its queue says.
    #[cfg(feature = "sqs")]
    pub(crate) fn delay(&self, why: &Kept, receives: u32) -> Option<Duration> {
        queue::delay(why, self.0.role, receives, fastrand::f64())
    }

    /// How it is asked to end.
    pub fn shutdown(&self) -> &Shutdown {
        &self.0.adapter.shutdown
    }

    /// Steps at once.
    #[cfg(feature = "sqs")]
    pub(crate) fn concurrency(&self) -> usize {
        self.0.concurrency
    }

    /// Opens a connection to the configured service soon, without waiting for it: not before the
    /// host was asked for the first event, for both need the one core that a function has.
    pub fn warm(&self) {
        let services = &self.0.adapter.services;
        let configured = self.0.reading.service.and_then(|service| services.of(service));
        let only = match (services.of(Service::Fnf), services.of(Service::Swf)) {
            (Some(one), None) | (None, Some(one)) => Some(one),
            _ => None,
        };
        if let Some(reporter) = configured.or(only).cloned() {
            tokio::spawn(async move {
                sleep(START).await;
                reporter.warm().await;
            });
        }
    }
}

/// From building a worker to its first question for an event, with some room.
const START: Duration = Duration::from_millis(10);
