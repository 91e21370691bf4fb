//! Where the event bytes come from.

#[cfg(feature = "fc")]
mod fc;
#[cfg(feature = "sqs")]
mod health;
mod host;
#[cfg(feature = "lambda")]
mod lambda;
#[cfg(feature = "sqs")]
mod poller;
#[cfg(feature = "sqs")]
mod queue;
#[cfg(feature = "sqs")]
mod signals;

use std::thread;
use std::time::Duration;

use serde_json::Value;
use serde_json::value::RawValue;
use taskback_core::RetryPolicy;
use tokio::runtime::{self, Handle};
use tokio::sync::oneshot;

use crate::settings::FcSettings;
use crate::{Builder, Error, IntoStep, InvocationError, Settings, Taskback, log};
use host::Host;

#[cfg(feature = "sqs")]
pub use poller::{poll, run_swf_poller};
#[cfg(feature = "sqs")]
pub use queue::{QueueWorker, Work, work, work_chosen, work_dead_letters};

/// Answers events. Clones share everything.
pub trait Handler: Clone + Send + Sync + 'static {
    /// Handles one event within `remaining`; zero = unknown, which counts as 3 s. `invocation` is the
    /// host's id of the invocation, the same when it is tried again; empty where there is none.
    fn handle(
        &self,
        event: &RawValue,
        remaining: Duration,
        invocation: &str,
    ) -> impl Future<Output = Result<Value, InvocationError>> + Send;
}

impl Handler for Taskback {
    async fn handle(
        &self,
        event: &RawValue,
        remaining: Duration,
        _invocation: &str,
    ) -> Result<Value, InvocationError> {
        Self::handle(self, event, remaining).await
    }
}

/// Serves a step from this process's environment until the host ends the process: on Lambda the
/// events of its Runtime API, on Function Compute the calls of its custom runtime. The environment
/// says which, and the first line of the log. Reads the [`Settings`], and returns only where it cannot
/// start or go on.
///
/// Everything but the step runs on a thread of its own, so that a step that blocks its thread stops
/// neither deadline nor heartbeats nor the answer.
pub async fn run<Shape>(step: impl IntoStep<Shape>) -> Result<(), Error> {
    let builder = Taskback::builder().step(step).steps_on(Handle::current());
    start(|host, settings| async move { built(host, builder, &settings).await }).await
}

/// As [`run`], for the step that `TASKBACK_STEP` names: the shipped worker.
pub async fn run_chosen() -> Result<(), Error> {
    let elsewhere = Handle::current();
    start(|host, settings| async move { built(host, chosen(&settings, elsewhere)?, &settings).await }).await
}

/// A step that only waits runs on the one thread with everything else: each way to another and back
/// is two wake-ups.
fn chosen(settings: &Settings, elsewhere: Handle) -> Result<Builder, Error> {
    let builder = Taskback::builder().step_of(settings)?;
    Ok(if settings.step.blocks() { builder.steps_on(elsewhere) } else { builder })
}

/// As [`run`], for the queue to which the workers' messages go after their last delivery: tells
/// every task that nobody told; all of it on one thread. Refuses to start without a ledger that the
/// workers share.
pub async fn run_dead_letters() -> Result<(), Error> {
    let builder = Taskback::builder().dead_letters();
    start(|host, settings| async move { built(host, builder, &settings).await }).await
}

/// As [`run`], for events that start and stop flows: see [`FlowControl`](crate::flow::FlowControl).
#[cfg(feature = "fnf")]
pub async fn run_flow_control() -> Result<(), Error> {
    start(|_, settings| async move {
        let control = crate::flow::FlowControl::from_settings(&settings).await?;
        let control = control.concurrency(settings.concurrency);
        #[cfg(feature = "sqs")]
        if let Some(queue) = crate::Queue::of_environment(&settings).await {
            return Ok(control.queue(queue));
        }
        Ok(control)
    })
    .await
}

async fn built(host: Host, builder: Builder, settings: &Settings) -> Result<Taskback, Error> {
    let builder = match host {
        Host::Lambda => builder,
        // A synchronous invocation is not delivered again: all of its time is for the report.
        Host::FunctionCompute => builder.retry(RetryPolicy { attempts: u32::MAX, ..RetryPolicy::default() }),
    };
    let taskback = builder.settings(settings).services_of(settings).await?.build()?;
    taskback.warm();
    Ok(taskback)
}

/// Builds a handler from the settings and serves it, on a thread of its own.
async fn start<H, B>(build: impl FnOnce(Host, Settings) -> B + Send + 'static) -> Result<(), Error>
where
    H: Handler,
    B: Future<Output = Result<H, Error>> + Send + 'static,
{
    let read = || Ok((Host::find()?, Settings::from_env()?));
    on_own_thread(read, |(host, settings)| async move {
        let fc = settings.fc.clone();
        let handler =
            build(host, settings).await.inspect_err(|error| tracing::error!(%error, "cannot start"))?;
        serve(handler, host, fc).await
    })
    .await
}

/// Starts the log, reads the settings and runs `main` with them, on a thread of its own.
async fn on_own_thread<S, M>(
    read: impl FnOnce() -> Result<S, Error>,
    main: impl FnOnce(S) -> M + Send + 'static,
) -> Result<(), Error>
where
    S: Send + 'static,
    M: Future<Output = Result<(), Error>> + Send + 'static,
{
    log::init();
    if cfg!(panic = "abort") {
        tracing::warn!("built with panic = \"abort\": one step that panics takes the whole batch with it");
    }
    let settings = read().inspect_err(|error| tracing::error!(%error, "cannot start"))?;
    let (ended, end) = oneshot::channel();
    let served = move || -> Result<(), Error> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        // A task, for every wake-up of what stands under `block_on` itself is a system call.
        let main = runtime.spawn(main(settings));
        runtime.block_on(main).unwrap_or_else(|_| Err(Error::new("the serving task panicked")))
    };
    // Nobody listens any more where the caller gave up on us.
    thread::Builder::new().name("taskback".into()).spawn(move || drop(ended.send(served())))?;
    end.await.unwrap_or_else(|_| Err(Error::new("the serving thread ended")))
}

async fn serve(handler: impl Handler, host: Host, fc: FcSettings) -> Result<(), Error> {
    match host {
        Host::Lambda => on_lambda(handler).await,
        Host::FunctionCompute => on_function_compute(handler, fc).await,
    }
}

#[cfg(feature = "lambda")]
async fn on_lambda(handler: impl Handler) -> Result<(), Error> {
    lambda::serve(handler).await
}

#[cfg(not(feature = "lambda"))]
async fn on_lambda(_handler: impl Handler) -> Result<(), Error> {
    Err(Error::new("this is AWS Lambda, and the feature lambda is not compiled in"))
}

#[cfg(feature = "fc")]
async fn on_function_compute(handler: impl Handler, settings: FcSettings) -> Result<(), Error> {
    fc::serve(handler, settings).await
}

#[cfg(not(feature = "fc"))]
async fn on_function_compute(_handler: impl Handler, _settings: FcSettings) -> Result<(), Error> {
    Err(Error::new("this is Function Compute, and the feature fc is not compiled in"))
}
