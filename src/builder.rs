use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use taskback_core::{MessageFormat, RetryPolicy};
use tokio::runtime::Handle;

use crate::adapter::{Adapter, ClosedTaskPolicy, LedgerFailurePolicy};
use crate::error::{Error, ErrorKind};
use crate::ledger::{Ledger, Memory};
use crate::metrics::Metrics;
use crate::service::Services;
use crate::settlement::Settlement;
use crate::shutdown::Shutdown;
#[cfg(feature = "sqs")]
use crate::sqs::{Queue, Role};
use crate::step::{IntoStep, Step};
use crate::taskback::{Inner, Observer, Taskback};
use crate::{dead_letter, defaults};

/// The parts of a [`Taskback`], as values.
///
/// ```
/// use std::sync::Arc;
///
/// use taskback::ledger::Memory;
/// use taskback::{Services, StepError, Task, Taskback};
///
/// async fn double(task: Task<u64>) -> Result<u64, StepError> {
///     Ok(task.input * 2)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), taskback::Error> {
/// let taskback = Taskback::builder()
///     .step(double)
///     .services(Services::local("http://127.0.0.1:4566")?)
///     .ledger(Arc::new(Memory::new(1_000)))
///     .max_receives(5)
///     .on_settlement(|settlement| println!("{settlement:?}"))
///     .build()?;
/// # let _ = taskback; Ok(()) }
/// ```
///
/// As [`run`](crate::run) builds it, from the settings of the environment:
///
/// ```no_run
/// use taskback::{Clients, Settings, StepError, Task, Taskback};
///
/// # async fn double(task: Task<u64>) -> Result<u64, StepError> { Ok(task.input * 2) }
/// # async fn example() -> Result<(), taskback::Error> {
/// let settings = Settings::from_env()?;
/// let clients = Clients::connect(&settings).await;
/// let taskback = Taskback::builder().step(double).settings(&settings).connect(&clients).await?.build()?;
/// # let _ = taskback; Ok(()) }
/// ```
#[derive(Default)]
#[must_use]
pub struct TaskbackBuilder {
    pub(crate) step: Option<Arc<dyn Step>>,
    services: Services,
    pub(crate) ledger: Option<Arc<dyn Ledger>>,
    pub(crate) message_format: MessageFormat,
    concurrency: Option<usize>,
    retry: RetryPolicy,
    ledger_failure: LedgerFailurePolicy,
    lease: Option<Duration>,
    closed_tasks: ClosedTaskPolicy,
    pub(crate) max_receives: Option<u32>,
    heartbeat: Option<Duration>,
    heartbeat_first: bool,
    ask_history: bool,
    dead_letters: bool,
    steps: Option<Handle>,
    shutdown: Shutdown,
    observer: Option<Observer>,
    #[cfg(feature = "sqs")]
    pub(crate) queue: Option<Queue>,
}

impl Taskback {
    /// Starts with the defaults of the [`Settings`](crate::Settings); a step must be added.
    pub fn builder() -> TaskbackBuilder {
        TaskbackBuilder::default()
    }
}

impl TaskbackBuilder {
    /// The business step.
    pub fn step<Shape>(mut self, step: impl IntoStep<Shape>) -> Self {
        self.step = Some(Arc::new(step.into_step()));
        self
    }

    /// Whether the step may block its thread.
    pub(crate) fn has_blocking_step(&self) -> bool {
        self.step.as_ref().is_some_and(|step| step.blocks())
    }

    /// The services to report to.
    pub fn services(mut self, services: Services) -> Self {
        self.services = services;
        self
    }

    /// The store of claims and outcomes; default [`Memory`].
    pub fn ledger(mut self, ledger: Arc<dyn Ledger>) -> Self {
        self.ledger = Some(ledger);
        self
    }

    /// The format of bodies; default: only envelopes and SWF's poll answers name their service.
    pub fn message_format(mut self, message_format: MessageFormat) -> Self {
        self.message_format = message_format;
        self
    }

    /// Steps at once in one invocation; default 10.
    pub fn concurrency(mut self, steps: usize) -> Self {
        self.concurrency = Some(steps);
        self
    }

    /// The retry of a report.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// The policy for a ledger that does not answer.
    pub fn ledger_failure(mut self, choice: LedgerFailurePolicy) -> Self {
        self.ledger_failure = choice;
        self
    }

    /// The longest lease of a task, renewed after each third of it; default 60 s. A task whose worker was killed is free
    /// for others once its lease has ended.
    pub fn lease(mut self, max: Duration) -> Self {
        self.lease = Some(max);
        self
    }

    /// The policy for a task that was closed by another party, or by an unknown one.
    pub fn closed_tasks(mut self, choice: ClosedTaskPolicy) -> Self {
        self.closed_tasks = choice;
        self
    }

    /// The queue's maxReceiveCount: on that delivery a retryable error is reported as a failure.
    pub fn max_receives(mut self, max: u32) -> Self {
        self.max_receives = Some(max);
        self
    }

    /// The time between heartbeats where the message says no timeout; default 30 s.
    pub fn heartbeat(mut self, every: Duration) -> Self {
        self.heartbeat = Some(every);
        self
    }

    /// Sends one heartbeat before the step, which shows whether the task is still open.
    pub fn heartbeat_first(mut self, first: bool) -> Self {
        self.heartbeat_first = first;
        self
    }

    /// Reads the service's history to find out who closed a task that was found closed, where the
    /// message names the task: of SWF, Step Functions and durable functions.
    pub fn ask_history(mut self, ask: bool) -> Self {
        self.ask_history = ask;
        self
    }

    /// Sets when messages that were not acknowledged are redelivered, by the reason.
    #[cfg(feature = "sqs")]
    pub fn queue(mut self, queue: Queue) -> Self {
        self.queue = Some(queue);
        self
    }

    /// Leaves redeliveries to the visibility timeout of their queue.
    pub fn without_queue(self) -> Self {
        #[cfg(feature = "sqs")]
        return Self { queue: None, ..self };
        #[cfg(not(feature = "sqs"))]
        self
    }

    /// Reports every task whose message reached the dead-letter queue, instead of a step, so that no
    /// workflow waits in silence. A recorded outcome is reported as it is, a running task is left alone, and
    /// every other task fails as `DeadLettered`. It needs a ledger that the workers share.
    pub fn dead_letters(mut self) -> Self {
        self.step = Some(Arc::new(dead_letter::step().into_step()));
        self.dead_letters = true;
        self
    }

    /// Shows every settlement of an event, also those that its response does not distinguish, such as a task that was
    /// found closed.
    pub fn on_settlement(mut self, observer: impl Fn(&Settlement) + Send + Sync + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// The runtime of the steps; default: the runtime that builds.
    pub fn steps_on(mut self, runtime: Handle) -> Self {
        self.steps = Some(runtime);
        self
    }

    /// Checks that nothing is missing.
    pub fn build(self) -> Result<Taskback, Error> {
        let step = self.step.ok_or_else(|| Error::new(ErrorKind::Usage, "a step must be added"))?;
        let steps = match self.steps {
            Some(steps) => steps,
            None => Handle::try_current()
                .map_err(|_| Error::new(ErrorKind::Usage, "build within a tokio runtime"))?,
        };
        let ledger = self.ledger.unwrap_or_else(|| Arc::new(Memory::default()));
        if self.dead_letters && !ledger.is_shared() {
            return Err(Error::new(ErrorKind::Settings, dead_letter::NEEDS_SHARED));
        }
        let adapter = Adapter {
            services: self.services,
            ledger,
            step,
            steps,
            retry: self.retry,
            lease: self.lease.unwrap_or(defaults::LEASE),
            // A task whose ledger does not answer must not be failed in place of its recorded outcome.
            ledger_failure: if self.dead_letters {
                LedgerFailurePolicy::FailClosed
            } else {
                self.ledger_failure
            },
            closed_tasks: self.closed_tasks,
            max_receives: self.max_receives,
            heartbeat: self.heartbeat.unwrap_or(defaults::HEARTBEAT),
            heartbeat_first: self.heartbeat_first && !self.dead_letters,
            ask_history: self.ask_history,
            metrics: Metrics::default(),
            shutdown: self.shutdown,
        };
        let inner = Inner {
            adapter,
            message_format: self.message_format,
            concurrency: self.concurrency.unwrap_or(defaults::CONCURRENCY),
            observer: self.observer,
            #[cfg(feature = "sqs")]
            queue: self.queue,
            #[cfg(feature = "sqs")]
            role: if self.dead_letters { Role::DeadLetters } else { Role::Worker },
        };
        Ok(Taskback(Arc::new(inner)))
    }
}

/// Opaque: clients hold sources of credentials.
impl fmt::Debug for TaskbackBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskbackBuilder").finish_non_exhaustive()
    }
}
