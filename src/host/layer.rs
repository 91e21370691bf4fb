//! The Lambda layer: a function's own runtime behind a Runtime API of this process, which is the client of the real one.
//!
//! Lambda starts this program in place of the runtime, with the runtime's command line (`AWS_LAMBDA_EXEC_WRAPPER`). It
//! starts the runtime through itself again, by the second stage, behind another wrapper if one is configured.

use std::env;
use std::sync::Arc;

use super::launch::{Launch, log_start_failure};
use super::started;
use super::thread::on_own_thread;
use crate::error::{Error, ErrorKind};
use crate::settings::Settings;
use crate::step::{HandlerStep, Stage2};
use crate::taskback::Taskback;

/// Runs as the wrapper of a managed runtime of Lambda, whose command line these words are: the function's handler gets
/// the input of each task as its event. With the words of its second stage it becomes the runtime, and returns only if
/// that fails.
///
/// ```no_run
/// # async fn example() -> Result<(), taskback::Error> {
/// taskback::run_exec_wrapper(std::env::args().skip(1).collect()).await?;
/// # Ok(()) }
/// ```
pub async fn run_exec_wrapper(words: Vec<String>) -> Result<(), Error> {
    if let Some(stage2) = Stage2::from_words(&words) {
        return Err(Error::new(ErrorKind::Host, stage2.become_runtime()));
    }
    on_own_thread(async move {
        let launch = Launch::read(Settings::from_env())?;
        let name = format!("handler {}", words.first().map_or("", String::as_str));
        let step = start(&launch.settings, words).inspect_err(log_start_failure)?;
        let taskback = launch.build(Taskback::builder().step(Arc::clone(&step)), name).await?;
        started::warn_of_no_last_delivery(&launch.settings);
        // The host is asked for an event only when the runtime asks for one, so that the runtime's start is a part of
        // the init phase.
        step.ready().await.inspect_err(log_start_failure)?;
        launch.serve_tasks(taskback).await
    })
    .await
}

/// Starts the runtime.
fn start(settings: &Settings, runtime: Vec<String>) -> Result<Arc<HandlerStep>, Error> {
    if runtime.is_empty() {
        return Err(Error::new(ErrorKind::Usage, NO_RUNTIME));
    }
    if settings.step.is_some() {
        return Err(Error::new(ErrorKind::Settings, STEP_IS_SET));
    }
    let own = env::current_exe().ok().and_then(|path| path.into_os_string().into_string().ok());
    let own = own.ok_or_else(|| Error::new(ErrorKind::Host, "the path of this program is unknown"))?;
    let line = Stage2::command(own, settings.exec_wrapper.clone(), runtime);
    let step = HandlerStep::from_stage2(line).handlers(settings.handlers);
    let step = step.terminal_errors(settings.terminal_errors.clone());
    let step = settings.handler_time.into_iter().fold(step, HandlerStep::max_time);
    step.start();
    Ok(Arc::new(step))
}

const NO_RUNTIME: &str = "no command line of a runtime: Lambda starts this program by AWS_LAMBDA_EXEC_WRAPPER, which \
                          provided.* runtimes do not read";

const STEP_IS_SET: &str =
    "TASKBACK_STEP: set, and in the layer the step is the function's own handler: remove it";
