//! Where the event bytes come from.

#[cfg(feature = "lambda")]
mod lambda;

use std::thread;
use std::time::Duration;

use serde_json::Value;
use serde_json::value::RawValue;
use tokio::runtime::{self, Handle};
use tokio::sync::oneshot;

use crate::{Builder, Error, IntoStep, InvocationError, Settings, Taskback, log};

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
/// events of its Runtime API. Reads the [`Settings`], and returns only where it cannot start or go on.
///
/// Everything but the step runs on a thread of its own, so that a step that blocks its thread stops
/// neither deadline nor heartbeats nor the answer.
pub async fn run<Shape>(step: impl IntoStep<Shape>) -> Result<(), Error> {
    run_builder(Taskback::builder().step(step)).await
}

/// As [`run`], for the queue to which the workers' messages go after their last delivery: tells
/// every task that nobody told. Refuses to start without a ledger that the workers share.
pub async fn run_dead_letters() -> Result<(), Error> {
    run_builder(Taskback::builder().dead_letters()).await
}

/// As [`run`], for events that start and stop flows: see [`FlowControl`](crate::flow::FlowControl).
#[cfg(feature = "fnf")]
pub async fn run_flow_control() -> Result<(), Error> {
    start(async |settings: Settings| {
        let client = crate::service::fnf_client(&settings.fnf)?;
        Ok(crate::flow::FlowControl::new(client).concurrency(settings.concurrency))
    })
    .await
}

async fn run_builder(builder: Builder) -> Result<(), Error> {
    let steps = Handle::current();
    start(async move |settings: Settings| {
        let taskback = builder.settings(&settings).steps_on(steps).services_of(&settings).await?.build()?;
        taskback.warm();
        Ok(taskback)
    })
    .await
}

/// Builds a handler from the settings and serves it, on a thread of its own.
async fn start<H: Handler>(
    build: impl AsyncFnOnce(Settings) -> Result<H, Error> + Send + 'static,
) -> Result<(), Error> {
    log::init();
    if cfg!(panic = "abort") {
        tracing::warn!("built with panic = \"abort\": one step that panics takes the whole batch with it");
    }
    let settings = Settings::from_env().inspect_err(|error| tracing::error!(%error, "cannot start"))?;
    let (ended, end) = oneshot::channel();
    let served = move || -> Result<(), Error> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let handler =
                build(settings).await.inspect_err(|error| tracing::error!(%error, "cannot start"))?;
            serve(handler).await
        })
    };
    // Nobody listens any more where the caller gave up on us.
    thread::Builder::new().name("taskback".into()).spawn(move || drop(ended.send(served())))?;
    end.await.unwrap_or_else(|_| Err(Error::new("the serving thread ended")))
}

#[cfg(feature = "lambda")]
async fn serve(handler: impl Handler) -> Result<(), Error> {
    lambda::serve(handler).await
}

#[cfg(not(feature = "lambda"))]
async fn serve(_handler: impl Handler) -> Result<(), Error> {
    Err(Error::new("no runtime is compiled in: turn on the feature lambda"))
}
