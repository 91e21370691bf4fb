//! The start of a function: read the settings, make the clients, build the handler, serve.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::function_host::FunctionHost;
use super::measured;
use super::started::{self, Started};
use super::table;
use super::thread::on_own_thread;
use crate::aws::Clients;
use crate::builder::TaskbackBuilder;
use crate::environment;
use crate::error::Error;
#[cfg(feature = "fnf")]
use crate::handler::Handler;
use crate::settings::{Settings, SettingsError};
use crate::step::IntoStep;
use crate::taskback::Taskback;

/// The names in the first line of the log for steps that are not configured by a setting.
pub(super) const OWN_STEP: &str = "own";
pub(super) const DEAD_LETTERS: &str = "dead letters";

/// Serves a step from this process's environment until the host ends the process: on Lambda the
/// events of its Runtime API, on Function Compute the calls of its custom runtime. The environment
/// says which, and the first line of the log. Reads the [`Settings`], and returns only if it cannot
/// start or go on.
///
/// Everything but the step runs on a thread of its own, so that a step that blocks its thread stops
/// neither deadline nor heartbeats nor the response.
///
/// ```no_run
/// use taskback::{StepError, Task};
///
/// async fn double(task: Task<u64>) -> Result<u64, StepError> {
///     Ok(task.input * 2)
/// }
///
/// #[tokio::main]
/// async fn main() -> Result<(), taskback::Error> {
///     taskback::run(double).await
/// }
/// ```
pub async fn run<Shape>(step: impl IntoStep<Shape>) -> Result<(), Error> {
    let builder = Taskback::builder().step(step).steps_on(Handle::current());
    on_own_thread(async move {
        let launch = Launch::read(Settings::from_env())?;
        let taskback = launch.build(builder, OWN_STEP.to_owned()).await?;
        started::warn_of_no_last_delivery(&launch.settings);
        launch.serve_tasks(taskback).await
    })
    .await
}

/// As [`run`], for the step configured in `TASKBACK_STEP`: the shipped worker. It does not start without one, since the
/// step decides what is reported for real tasks.
///
/// ```no_run
/// # async fn example() -> Result<(), taskback::Error> {
/// taskback::run_configured().await?;
/// # Ok(()) }
/// ```
pub async fn run_configured() -> Result<(), Error> {
    let steps = Handle::current();
    on_own_thread(async move {
        let launch = Launch::read(Settings::worker_from_env())?;
        let (builder, step) = configured(&launch.settings, steps).inspect_err(log_start_failure)?;
        let taskback = launch.build(builder, step).await?;
        started::warn_of_no_last_delivery(&launch.settings);
        launch.serve_tasks(taskback).await
    })
    .await
}

/// As [`run`], for the queue to which the workers' messages go after their last delivery: reports
/// every task that has no outcome yet; all of it on one thread. Refuses to start without a ledger that the
/// workers share.
///
/// ```no_run
/// # async fn example() -> Result<(), taskback::Error> {
/// taskback::run_dead_letters().await?;
/// # Ok(()) }
/// ```
pub async fn run_dead_letters() -> Result<(), Error> {
    on_own_thread(async {
        let launch = Launch::read(Settings::from_env())?;
        let builder = Taskback::builder().dead_letters();
        let taskback = launch.build(builder, DEAD_LETTERS.to_owned()).await?;
        launch.serve_tasks(taskback).await
    })
    .await
}

/// As [`run`], for events that start and stop flows: see [`FlowControl`](crate::fnf_flow::FlowControl).
///
/// ```no_run
/// # async fn example() -> Result<(), taskback::Error> {
/// taskback::run_flow_control().await?;
/// # Ok(()) }
/// ```
#[cfg(feature = "fnf")]
pub async fn run_flow_control() -> Result<(), Error> {
    use crate::fnf_flow::FlowControl;
    on_own_thread(async {
        let launch = Launch::read(Settings::from_env())?;
        let clients = launch.clients().await;
        let control = FlowControl::connect(&clients).await.inspect_err(log_start_failure)?;
        let control = control.concurrency(launch.settings.concurrency);
        #[cfg(feature = "sqs")]
        let control = if clients.has_aws_region() {
            control.queue(crate::sqs::Queue::new(clients.sqs()))
        } else {
            control
        };
        let host = launch.host.name();
        Started { host, services: Some("fnf".to_owned()), ..Started::default() }.log(&launch.settings);
        launch.serve(control).await
    })
    .await
}

/// Returns a builder with the configured step, and the step's name for the log. A step that only waits runs on the one
/// thread with everything else: each way to another thread and back is two wake-ups.
pub(super) fn configured(settings: &Settings, steps: Handle) -> Result<(TaskbackBuilder, String), Error> {
    #[cfg(feature = "external-steps")]
    crate::step::reap_all();
    let builder = Taskback::builder().step_from_settings(settings)?;
    let builder = if builder.has_blocking_step() { builder.steps_on(steps) } else { builder };
    Ok((builder, settings.step.as_ref().map(started::step_name).unwrap_or_default()))
}

/// Runs a process on a thread of its own. An error means that it could not start, and is logged.
#[cfg(feature = "sqs")]
pub(super) async fn run_process(
    main: impl Future<Output = Result<(), Error>> + Send + 'static,
) -> Result<(), Error> {
    on_own_thread(main).await.inspect_err(log_start_failure)
}

/// Logs the reason for which a process does not start.
pub(super) fn log_start_failure(error: &Error) {
    tracing::error!(event = "process.start_failed", %error, "cannot start");
}

/// A host and the settings of the function that it runs.
pub(super) struct Launch {
    host: &'static dyn FunctionHost,
    pub(super) settings: Settings,
}

impl Launch {
    pub(super) fn read(settings: Result<Settings, SettingsError>) -> Result<Self, Error> {
        let launch = table::find().and_then(|host| Ok(Self { host, settings: settings? }));
        launch.inspect_err(log_start_failure)
    }

    /// The clients of what the settings name. Where no variable and no setting is of AWS, nothing of it is looked for: on
    /// another cloud every start would wait for EC2's metadata.
    async fn clients(&self) -> Clients {
        let Settings { ledger, fnf, .. } = &self.settings;
        if environment::names_aws() || ledger.needs_aws() || fnf.secret_id.is_some() {
            Clients::connect(&self.settings).await
        } else {
            Clients::without_aws(&self.settings)
        }
    }

    /// Builds and announces the handler. Calls neither ledger nor queue: the first claim shows what is wrong with them.
    pub(super) async fn build(&self, builder: TaskbackBuilder, step: String) -> Result<Taskback, Error> {
        let clients = self.clients().await;
        let builder = builder.retry(self.host.retry()).settings(&self.settings);
        let taskback = match builder.connect(&clients).await {
            Ok(builder) => builder.build(),
            Err(error) => Err(error),
        };
        let taskback = taskback.inspect_err(log_start_failure)?;
        Started::with_step(self.host.name(), &taskback, &self.settings, step).log(&self.settings);
        taskback.warm_up();
        Ok(taskback)
    }

    /// Serves with a line of metrics after each invocation, where the settings ask for it.
    pub(super) async fn serve_tasks(self, taskback: Taskback) -> Result<(), Error> {
        let metrics = taskback.metrics().clone();
        measured::serve(self.host, Arc::new(taskback), metrics, &self.settings).await
    }

    #[cfg(feature = "fnf")]
    async fn serve(self, handler: impl Handler) -> Result<(), Error> {
        self.host.serve(Arc::new(handler), &self.settings).await
    }
}
