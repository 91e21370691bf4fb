//! Where the event bytes come from.

#[cfg(feature = "lambda")]
mod lambda;

use std::thread;

use tokio::runtime::{self, Handle};
use tokio::sync::oneshot;

use crate::{Builder, Error, IntoStep, Settings, Taskback, log};

/// Serves a step from this process's environment until the host ends the process: on Lambda the
/// events of its Runtime API. Reads the [`Settings`], and returns only where it cannot start or go on.
///
/// Everything but the step runs on a thread of its own, so that a step that blocks its thread stops
/// neither deadline nor heartbeats nor the answer.
pub async fn run<Shape>(step: impl IntoStep<Shape>) -> Result<(), Error> {
    start(|builder| builder.step(step)).await
}

/// As [`run`], for the queue to which the workers' messages go after their last delivery: tells
/// every task that nobody told. Refuses to start without a ledger that the workers share.
pub async fn run_dead_letters() -> Result<(), Error> {
    start(Builder::dead_letters).await
}

async fn start(with_step: impl FnOnce(Builder) -> Builder) -> Result<(), Error> {
    log::init();
    if cfg!(panic = "abort") {
        tracing::warn!("built with panic = \"abort\": one step that panics takes the whole batch with it");
    }
    let settings = Settings::from_env().inspect_err(|error| tracing::error!(%error, "cannot start"))?;
    let builder = with_step(Taskback::builder()).settings(&settings).steps_on(Handle::current());
    let (ended, end) = oneshot::channel();
    thread::Builder::new().name("taskback".into()).spawn(move || {
        let served =
            runtime::Builder::new_current_thread().enable_all().build().map_err(Error::from).and_then(
                |runtime| {
                    runtime.block_on(async {
                        let taskback = builder.services_of(&settings).await?.build()?;
                        taskback.warm();
                        serve(taskback).await
                    })
                },
            );
        // Nobody listens any more where the caller gave up on us.
        drop(ended.send(served));
    })?;
    end.await.unwrap_or_else(|_| Err(Error::new("the serving thread ended")))
}

#[cfg(feature = "lambda")]
async fn serve(taskback: Taskback) -> Result<(), Error> {
    lambda::serve(taskback).await
}

#[cfg(not(feature = "lambda"))]
async fn serve(_taskback: Taskback) -> Result<(), Error> {
    Err(Error::new("no runtime is compiled in: turn on the feature lambda"))
}
