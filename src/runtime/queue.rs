//! A process that takes its messages from an SQS queue by itself, outside of any function host.

mod deletes;
mod message;
mod worker;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::runtime::Handle;

use super::{chosen, on_own_thread, signals};
use crate::{Builder, Error, IntoStep, Settings, Taskback};

pub use worker::QueueWorker;

/// How a queue is served.
#[derive(Clone, Debug)]
pub struct Work {
    /// The queue; the order of a FIFO queue's groups is kept.
    pub queue_url: String,
    /// One message's time from its receive to its settlement, 1 s to 11 h; default 15 min. The message
    /// stays invisible for as long as it runs.
    pub timeout: Duration,
    /// How long the queue holds a receive while it is empty, 0 to 20 s; default 10 s. A process that is
    /// to end waits for that.
    pub wait: Duration,
    /// How long steps may go on once the process is to end, default 20 s; then they are cancelled with
    /// [`Cancellation::Shutdown`](crate::Cancellation::Shutdown), and 8 s are left for reports.
    pub grace: Duration,
    /// Where `/livez` and `/readyz` are answered.
    pub health: Option<SocketAddr>,
}

impl Work {
    /// With every default.
    pub fn new(queue_url: impl Into<String>) -> Self {
        Self {
            queue_url: queue_url.into(),
            timeout: Duration::from_secs(15 * 60),
            wait: Duration::from_secs(10),
            grace: Duration::from_secs(20),
            health: None,
        }
    }
}

/// Serves a step from an SQS queue until the process is asked to end (SIGTERM, SIGINT; a second one
/// ends the grace). As [`run`](crate::run) it reads the [`Settings`] and does everything but the step
/// on a thread of its own. An error says why it cannot start.
pub async fn work<Shape>(step: impl IntoStep<Shape>, how: Work) -> Result<(), Error> {
    let builder = Taskback::builder().step(step).steps_on(Handle::current());
    work_with(|_| Ok(builder), how).await
}

/// As [`work`], for the step that `TASKBACK_STEP` names.
pub async fn work_chosen(how: Work) -> Result<(), Error> {
    let elsewhere = Handle::current();
    work_with(|settings| chosen(settings, elsewhere), how).await
}

/// As [`work`], for the queue to which the workers' messages go after their last delivery: see
/// [`run_dead_letters`](crate::run_dead_letters).
pub async fn work_dead_letters(how: Work) -> Result<(), Error> {
    work_with(|_| Ok(Taskback::builder().dead_letters()), how).await
}

async fn work_with(
    builder: impl FnOnce(&Settings) -> Result<Builder, Error> + Send + 'static,
    how: Work,
) -> Result<(), Error> {
    on_own_thread(
        || Ok(Settings::from_env()?),
        |settings| async move {
            let config = crate::aws::load().await;
            if config.region().is_none() {
                return Err(Error::new("a queue needs AWS_REGION"));
            }
            let client = crate::aws::sqs(&config, &settings);
            let builder = builder(&settings)?.settings(&settings);
            let taskback = builder.clients_over(&config, &settings).await?.build()?;
            taskback.warm();
            signals::end(taskback.shutdown().clone())?;
            QueueWorker::open(taskback, client, how).await?.run().await;
            Ok(())
        },
    )
    .await
}
