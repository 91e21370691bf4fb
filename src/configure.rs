//! A builder's parts from the settings and their clients.

use std::sync::Arc;

use crate::aws::Clients;
use crate::builder::TaskbackBuilder;
use crate::error::{Error, ErrorKind};
use crate::ledger::{self, Ledger};
use crate::service::Services;
use crate::settings::Settings;
#[cfg(feature = "sqs")]
use crate::sqs::Queue;
use crate::step::{self, StepOptions};

impl TaskbackBuilder {
    /// The step configured in `TASKBACK_STEP`, as the shipped worker runs it. An error if it is not set.
    pub fn step_from_settings(mut self, settings: &Settings) -> Result<Self, Error> {
        let choice = settings.step.as_ref().ok_or_else(|| Error::new(ErrorKind::Settings, step::NOT_SET))?;
        let options = StepOptions {
            terminal: settings.terminal_errors.clone(),
            handlers: settings.handlers,
            handler_time: settings.handler_time,
        };
        self.step = Some(step::configured(choice, &options)?);
        Ok(self)
    }

    /// All settings but for the clients and the step: see [`connect`](Self::connect) and
    /// [`step_from_settings`](Self::step_from_settings).
    pub fn settings(mut self, settings: &Settings) -> Self {
        self.max_receives = settings.max_receives;
        self.message_format(settings.message_format.clone())
            .concurrency(settings.concurrency)
            .ledger_failure(settings.ledger_failure)
            .lease(settings.lease)
            .closed_tasks(settings.closed_tasks)
            .heartbeat(settings.heartbeat)
            .heartbeat_first(settings.heartbeat_first)
            .ask_history(settings.ask_history)
    }

    /// Connects services, the ledger and the queue of the clients' settings. A ledger or a queue that was added already
    /// stays. Clients need the runtime on which they are used.
    pub async fn connect(mut self, clients: &Clients) -> Result<Self, Error> {
        let services = Services::connect(clients, self.message_format.service).await?;
        if self.ledger.is_none() {
            self.ledger = Some(ledger::connect(clients)? as Arc<dyn Ledger>);
        }
        #[cfg(feature = "sqs")]
        if self.queue.is_none() && clients.has_aws_region() {
            self.queue = Some(Queue::new(clients.sqs()));
        }
        Ok(self.services(services))
    }
}

#[cfg(all(test, feature = "dynamodb", feature = "swf"))]
mod tests;
