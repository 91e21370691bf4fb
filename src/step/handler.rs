mod answer;
mod child;
mod exchange;
mod function_process;
mod invocation;
mod outer;
mod pool;
mod server;
mod stage2;
mod task_invocation;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::value::RawValue;
use taskback_core::RawTask;
use tokio::runtime::Handle;

use super::command::CommandLine;
use super::contract::{Step, StepError, StepOutput};
use super::task::Task;
use super::terminal_errors::TerminalErrors;
use crate::error::{Error, ErrorKind};
use crate::future::BoxFuture;
use crate::invocation::HostInvocation;
use child::Start;
pub use function_process::{FunctionAnswer, FunctionProcess};
use outer::Outer;
use pool::{Pool, Reserved};
pub(crate) use stage2::Stage2;

/// A step that runs an ordinary Lambda handler, in any language: the command is the runtime of its language, such as
/// `python3 -m awslambdaric app.handler`, and gets each task as an invocation.
///
/// The handler gets the task's input as its event, and its return value is the output: JSON, at most 1 MiB. An error
/// that it raises is retryable unless its type is in [`TerminalErrors`], which fails the task for good by that name.
/// Facts of the task are in the client context; the token is nowhere.
///
/// Each process has one task at a time. One that ends, or does not answer in time, is started again, and its task is
/// retryable. Where the workflow asks for cancellation the process gets SIGTERM, and SIGKILL 5 s later.
///
/// ```
/// use std::num::NonZeroUsize;
/// use std::time::Duration;
///
/// use taskback::{CommandLine, HandlerStep, Taskback, TerminalErrors};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let handler = HandlerStep::new(CommandLine::parse("python3 -m awslambdaric app.handler")?)
///     .handlers(NonZeroUsize::new(4).ok_or("no handlers")?)
///     .max_time(Duration::from_secs(20))
///     .terminal_errors(TerminalErrors::default().with_errors(["CardDeclined"]));
/// let builder = Taskback::builder().step(handler);
/// # let _ = builder; Ok(()) }
/// ```
pub struct HandlerStep {
    line: CommandLine,
    handlers: NonZeroUsize,
    is_stage2: bool,
    means: Arc<Means>,
    pool: OnceLock<Arc<Pool>>,
}

/// What a task needs beside its process.
#[derive(Clone, Default)]
struct Means {
    max_time: Option<Duration>,
    terminal: TerminalErrors,
}

impl HandlerStep {
    /// The step of that command, which connects to the Runtime API in its environment.
    pub fn new(line: CommandLine) -> Self {
        Self {
            line,
            handlers: NonZeroUsize::MIN,
            is_stage2: false,
            means: Arc::default(),
            pool: OnceLock::new(),
        }
    }

    /// The step of the second stage of the layer.
    pub(crate) fn from_stage2(line: CommandLine) -> Self {
        Self { is_stage2: true, ..Self::new(line) }
    }

    /// Sets the number of processes, and so of tasks at once; default 1.
    pub fn handlers(self, handlers: NonZeroUsize) -> Self {
        Self { handlers, ..self }
    }

    /// Limits the time of one task, so that one that hangs does not take the time of the others.
    pub fn max_time(self, max: Duration) -> Self {
        let means = Means { max_time: Some(max), ..Arc::unwrap_or_clone(self.means) };
        Self { means: Arc::new(means), ..self }
    }

    /// Sets the errors that fail a task for good.
    pub fn terminal_errors(self, terminal: TerminalErrors) -> Self {
        let means = Means { terminal, ..Arc::unwrap_or_clone(self.means) };
        Self { means: Arc::new(means), ..self }
    }

    /// Starts the processes now and not with the first task, where a runtime is entered, which then runs the tasks.
    pub(crate) fn start(&self) {
        if Handle::try_current().is_ok() {
            self.pool().start();
        }
    }

    /// Waits until a process asks for its first task. The error is its failed start.
    pub(crate) async fn ready(&self) -> Result<(), Error> {
        match self.pool().reserve_started().await {
            Ok(_free_again) => Ok(()),
            Err(reason) => Err(Error::new(ErrorKind::Host, format!("the function {reason}"))),
        }
    }

    fn pool(&self) -> &Arc<Pool> {
        let start = || Start {
            line: self.line.clone(),
            vars: Vec::new(),
            outer: Outer::from_env(),
            is_stage2: self.is_stage2,
        };
        self.pool.get_or_init(|| Pool::new(start(), self.handlers.get()))
    }

    fn reserved(&self) -> BoxFuture<'static, ReservedStep> {
        let (pool, means, host) =
            (Arc::clone(self.pool()), Arc::clone(&self.means), HostInvocation::current());
        Box::pin(async move {
            let reserved = pool.reserve().await;
            ReservedStep { reserved: Mutex::new(Some(reserved)), host, means }
        })
    }
}

/// Shows the program; its arguments may hold secrets.
impl fmt::Debug for HandlerStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, handlers, .. } = self;
        f.debug_struct("HandlerStep").field("line", line).field("handlers", handlers).finish_non_exhaustive()
    }
}

impl Step for HandlerStep {
    fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepOutput, StepError>> {
        let reserved = self.reserved();
        Box::pin(async move { reserved.await.run(task).await })
    }

    /// A process that is free.
    fn reserve<'a>(&'a self, _task: &'a RawTask) -> Option<BoxFuture<'a, Arc<dyn Step>>> {
        let reserved = self.reserved();
        Some(Box::pin(async move { Arc::new(reserved.await) as Arc<dyn Step> }))
    }
}

/// The step of one task, with its process.
struct ReservedStep {
    reserved: Mutex<Option<Result<Reserved, StepError>>>,
    host: HostInvocation,
    means: Arc<Means>,
}

impl Step for ReservedStep {
    fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepOutput, StepError>> {
        let reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (host, means) = (self.host.clone(), Arc::clone(&self.means));
        Box::pin(async move {
            match reserved {
                Some(reserved) => {
                    task_invocation::run(reserved?, &task, host, means.max_time, &means.terminal).await
                }
                None => Err(StepError::retryable("the handler was for one task, and has run it")),
            }
        })
    }
}
