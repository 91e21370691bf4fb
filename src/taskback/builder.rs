use std::sync::Arc;
use std::time::Duration;

use taskback_core::{Reading, RetryPolicy};
use tokio::runtime::Handle;

use super::{Parts, Taskback};
use crate::adapter::Adapter;
#[cfg(feature = "dynamodb")]
use crate::ledger::DynamoDb;
use crate::ledger::{Ledger, Memory};
#[cfg(feature = "sqs")]
use crate::queue::{Queue, Role};
use crate::service::Services;
#[cfg(feature = "dynamodb")]
use crate::settings::LedgerChoice;
use crate::settings::{LateTasks, LedgerDown};
use crate::step::{self, Step};
use crate::{Error, IntoStep, Settings, Shutdown, dead_letter};

/// The parts of a [`Taskback`], as values.
#[derive(Default)]
#[must_use]
pub struct Builder {
    step: Option<Arc<dyn Step>>,
    services: Services,
    ledger: Option<Arc<dyn Ledger>>,
    reading: Reading,
    concurrency: Option<usize>,
    retry: RetryPolicy,
    ledger_down: LedgerDown,
    late: LateTasks,
    max_receives: Option<u32>,
    heartbeat: Option<Duration>,
    heartbeat_first: bool,
    ask_history: bool,
    dead_letters: bool,
    steps: Option<Handle>,
    shutdown: Shutdown,
    #[cfg(feature = "sqs")]
    queue: Option<Queue>,
}

impl Builder {
    /// The business step.
    pub fn step<Shape>(mut self, step: impl IntoStep<Shape>) -> Self {
        self.step = Some(Arc::new(step.into_step()));
        self
    }

    /// The step that `TASKBACK_STEP` names, as the shipped worker runs it.
    pub fn step_of(mut self, settings: &Settings) -> Result<Self, Error> {
        self.step = Some(step::chosen(&settings.step)?);
        Ok(self)
    }

    /// The services to report to.
    pub fn services(mut self, services: Services) -> Self {
        self.services = services;
        self
    }

    /// Where claims and outcomes are remembered; default [`Memory`].
    pub fn ledger(mut self, ledger: Arc<dyn Ledger>) -> Self {
        self.ledger = Some(ledger);
        self
    }

    /// How a body is read; default: only envelopes and SWF's poll answers name their service.
    pub fn reading(mut self, reading: Reading) -> Self {
        self.reading = reading;
        self
    }

    /// Steps at once in one invocation; default 10.
    pub fn concurrency(mut self, steps: usize) -> Self {
        self.concurrency = Some(steps);
        self
    }

    /// When a report is tried again.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// What to do where the ledger cannot be asked.
    pub fn ledger_down(mut self, choice: LedgerDown) -> Self {
        self.ledger_down = choice;
        self
    }

    /// What becomes of a task that was closed, not by us.
    pub fn late(mut self, choice: LateTasks) -> Self {
        self.late = choice;
        self
    }

    /// The queue's maxReceiveCount: on that delivery a retryable error is reported as a failure.
    pub fn max_receives(mut self, most: u32) -> Self {
        self.max_receives = Some(most);
        self
    }

    /// The time between heartbeats where the message says no timeout; default 30 s.
    pub fn heartbeat(mut self, every: Duration) -> Self {
        self.heartbeat = Some(every);
        self
    }

    /// Whether one heartbeat before the step asks if the task is still open.
    pub fn heartbeat_first(mut self, first: bool) -> Self {
        self.heartbeat_first = first;
        self
    }

    /// Whether the service's history is asked who closed a task that was found closed, where the
    /// message names the task: SWF only.
    pub fn ask_history(mut self, ask: bool) -> Self {
        self.ask_history = ask;
        self
    }

    /// Gives kept messages back to their queue with a delay by their cause.
    #[cfg(feature = "sqs")]
    pub fn queue(mut self, queue: Queue) -> Self {
        self.queue = Some(queue);
        self
    }

    /// Instead of a step: tells every task whose message reached the dead-letter queue, so that no
    /// workflow waits in silence. What was decided is told as it was, what runs is left alone, and
    /// all else fails as `DeadLettered`. It needs a ledger that the workers share.
    pub fn dead_letters(mut self) -> Self {
        self.step = Some(Arc::new(dead_letter::step().into_step()));
        self.dead_letters = true;
        self
    }

    /// Where steps run; default: the runtime that builds.
    pub fn steps_on(mut self, runtime: Handle) -> Self {
        self.steps = Some(runtime);
        self
    }

    /// Everything that the settings say, but for the clients and the step: see
    /// [`services_of`](Self::services_of) and [`step_of`](Self::step_of).
    pub fn settings(mut self, settings: &Settings) -> Self {
        self.reading = settings.reading.clone();
        self.concurrency = Some(settings.concurrency);
        self.ledger_down = settings.ledger_down;
        self.late = settings.late;
        self.max_receives = settings.max_receives;
        self.heartbeat = Some(settings.heartbeat);
        self.heartbeat_first = settings.heartbeat_first;
        self.ask_history = settings.swf_history;
        self
    }

    /// The clients that the settings and the environment allow to build: of the services, the ledger
    /// and the queue. They need the runtime on which they are used.
    pub async fn services_of(self, settings: &Settings) -> Result<Self, Error> {
        #[cfg(feature = "swf")]
        return self.clients_over(&crate::aws::load().await, settings).await;
        #[cfg(not(feature = "swf"))]
        return Ok(self.services(Services::from_settings(settings).await?));
    }

    /// All of them share one AWS configuration.
    #[cfg(feature = "swf")]
    pub(crate) async fn clients_over(
        mut self,
        config: &aws_config::SdkConfig,
        settings: &Settings,
    ) -> Result<Self, Error> {
        self.services = Services::over(config, settings).await?;
        #[cfg(feature = "sqs")]
        if config.region().is_some() {
            self = self.queue(Queue::new(crate::aws::sqs(config, settings)));
        }
        #[cfg(feature = "dynamodb")]
        if let LedgerChoice::DynamoDb { table } = &settings.ledger {
            if config.region().is_none() {
                return Err(Error::new("TASKBACK_LEDGER is in DynamoDB, which needs AWS_REGION"));
            }
            let client = crate::aws::dynamodb(config, settings);
            self = self.ledger(Arc::new(DynamoDb::new(client, table)));
        }
        Ok(self)
    }

    /// Checks that nothing is missing.
    pub fn build(self) -> Result<Taskback, Error> {
        let step = self.step.ok_or_else(|| Error::new("a step must be added"))?;
        let steps = match self.steps {
            Some(steps) => steps,
            None => Handle::try_current().map_err(|_| Error::new("build within a tokio runtime"))?,
        };
        let ledger = self.ledger.unwrap_or_else(|| Arc::new(Memory::default()));
        if self.dead_letters && !ledger.is_shared() {
            return Err(Error::new(dead_letter::NEEDS_SHARED));
        }
        let adapter = Adapter {
            services: self.services,
            ledger,
            step,
            steps,
            retry: self.retry,
            // A task of which nothing is known must not be failed in place of what was decided.
            ledger_down: if self.dead_letters { LedgerDown::Closed } else { self.ledger_down },
            late: self.late,
            max_receives: self.max_receives,
            heartbeat: self.heartbeat.unwrap_or(Duration::from_secs(30)),
            heartbeat_first: self.heartbeat_first && !self.dead_letters,
            ask_history: self.ask_history,
            shutdown: self.shutdown,
        };
        let parts = Parts {
            adapter,
            reading: self.reading,
            concurrency: self.concurrency.unwrap_or(10),
            #[cfg(feature = "sqs")]
            queue: self.queue,
            #[cfg(feature = "sqs")]
            role: if self.dead_letters { Role::DeadLetters } else { Role::Worker },
        };
        Ok(Taskback(Arc::new(parts)))
    }
}
