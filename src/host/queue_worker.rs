//! The queue worker: a process that receives its messages from an SQS queue, outside of any function host.

pub(super) mod config;
mod message;
pub(super) mod worker;

use std::time::Duration;

use tokio::runtime::Handle;

use super::launch::{DEAD_LETTERS, OWN_STEP, configured, run_process};
use super::signals;
use super::started::{self, Started};
use crate::aws::Clients;
use crate::builder::TaskbackBuilder;
use crate::error::{Error, ErrorKind};
use crate::ledger::LedgerError;
use crate::settings::Settings;
use crate::step::IntoStep;
use crate::taskback::Taskback;
use config::QueueWorkerConfig;
use worker::QueueWorker;

/// Serves a step from an SQS queue until the process is asked to end (SIGTERM, SIGINT; a second one
/// ends the grace). As [`run`](crate::run) it reads the [`Settings`] and does everything but the step
/// on a thread of its own. An error says why it cannot start.
///
/// ```no_run
/// use taskback::{QueueWorkerConfig, StepError, Task};
///
/// async fn double(task: Task<u64>) -> Result<u64, StepError> {
///     Ok(task.input * 2)
/// }
///
/// #[tokio::main]
/// async fn main() -> Result<(), taskback::Error> {
///     let config = QueueWorkerConfig::new("https://sqs.us-east-1.amazonaws.com/123456789012/tasks");
///     taskback::run_queue_worker(double, config).await
/// }
/// ```
pub async fn run_queue_worker<Shape>(
    step: impl IntoStep<Shape>,
    config: QueueWorkerConfig,
) -> Result<(), Error> {
    let builder = Taskback::builder().step(step).steps_on(Handle::current());
    run_process(async move {
        let settings = Settings::from_env()?;
        serve(settings, builder, OWN_STEP.to_owned(), config).await
    })
    .await
}

/// As [`run_queue_worker`], for the step configured in `TASKBACK_STEP`; it does not start without one.
///
/// ```no_run
/// # async fn example() -> Result<(), taskback::Error> {
/// use taskback::QueueWorkerConfig;
///
/// let config = QueueWorkerConfig::new("https://sqs.us-east-1.amazonaws.com/123456789012/tasks");
/// taskback::run_configured_queue_worker(config).await?;
/// # Ok(()) }
/// ```
pub async fn run_configured_queue_worker(config: QueueWorkerConfig) -> Result<(), Error> {
    let steps = Handle::current();
    run_process(async move {
        let settings = Settings::worker_from_env()?;
        let (builder, step) = configured(&settings, steps)?;
        serve(settings, builder, step, config).await
    })
    .await
}

/// As [`run_queue_worker`], for the queue to which the workers' messages go after their last delivery: see
/// [`run_dead_letters`](crate::run_dead_letters).
///
/// ```no_run
/// # async fn example() -> Result<(), taskback::Error> {
/// use taskback::QueueWorkerConfig;
///
/// let config = QueueWorkerConfig::new("https://sqs.us-east-1.amazonaws.com/123456789012/dead-letters");
/// taskback::run_dead_letter_queue_worker(config).await?;
/// # Ok(()) }
/// ```
pub async fn run_dead_letter_queue_worker(config: QueueWorkerConfig) -> Result<(), Error> {
    run_process(async move {
        let settings = Settings::from_env()?;
        serve(settings, Taskback::builder().dead_letters(), DEAD_LETTERS.to_owned(), config).await
    })
    .await
}

async fn serve(
    settings: Settings,
    builder: TaskbackBuilder,
    step: String,
    config: QueueWorkerConfig,
) -> Result<(), Error> {
    let clients = Clients::connect(&settings).await;
    let sqs = clients.sqs_at(&config.queue_url)?;
    let taskback = builder.settings(&settings).connect(&clients).await?.build()?;
    usable(in_time(taskback.check_ledger()).await)?;
    taskback.warm_up();
    signals::end(taskback.shutdown().clone())?;
    let queue_url = config.queue_url.clone();
    let worker = QueueWorker::open(taskback.clone(), sqs, config).await?;
    let started = Started::with_step("queue", &taskback, &settings, step);
    Started { queue: Some(&queue_url), ..started }.log(&settings);
    started::warn_of_unused_metrics(&settings);
    if taskback.has_last_delivery_rule() {
        started::warn_of_no_last_delivery(&settings);
        started::warn_of_other_last_delivery(&settings, worker.max_receives());
    }
    worker.run().await;
    Ok(())
}

/// The time for the ledger's answer at the start.
const PATIENCE: Duration = Duration::from_secs(10);

async fn in_time(check: impl Future<Output = Result<(), LedgerError>>) -> Result<(), LedgerError> {
    let late = |_| Err(LedgerError::Unavailable(format!("no answer in {} s", PATIENCE.as_secs())));
    tokio::time::timeout(PATIENCE, check).await.unwrap_or_else(late)
}

/// Judges the check of the ledger at the start. A ledger that does not answer may do so later.
fn usable(checked: Result<(), LedgerError>) -> Result<(), Error> {
    match checked {
        Err(error) if error.needs_fix() => {
            let text = format!("TASKBACK_LEDGER cannot be used: {error}");
            Err(Error::new(ErrorKind::Unusable, text).with_source(error))
        }
        Err(error) => {
            tracing::warn!(event = "ledger.unavailable", %error, "the ledger does not answer at the start");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silent_ledger_does_not_delay_start() {
        let began = tokio::time::Instant::now();
        let checked = in_time(std::future::pending()).await;
        assert_eq!((began.elapsed(), usable(checked)), (PATIENCE, Ok(())));
    }
}
