//! The contract of a step: its task in, its output or error out.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;
use taskback_core::{Output, RawTask};

use super::task::Task;
use crate::future::BoxFuture;

/// A unit of business code. A plain `async fn(Task<T>) -> Result<T2, StepError>` is one: see
/// [`IntoStep`](super::IntoStep).
///
/// ```
/// use serde_json::value::RawValue;
/// use taskback::{BoxFuture, Step, StepError, StepOutput, Task};
///
/// /// Gives the input back.
/// struct Echo;
///
/// impl Step for Echo {
///     fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepOutput, StepError>> {
///         Box::pin(async move { StepOutput::succeeded(&task.input) })
///     }
/// }
///
/// let builder = taskback::Taskback::builder().step(Echo);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a step",
    note = "a step is `async fn(Task<T>) -> Result<O, E>`, or a type that implements `Step`"
)]
pub trait Step: Send + Sync + 'static {
    /// Runs once for a claimed task.
    fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepOutput, StepError>>;

    /// Reserves what the step needs for this task, such as a process that is free; `None` = nothing. The task is claimed
    /// afterwards, so that waiting costs no lease, and then runs by the step that this returns. What was reserved is
    /// free again when that step is dropped.
    fn reserve<'a>(&'a self, _task: &'a RawTask) -> Option<BoxFuture<'a, Arc<dyn Step>>> {
        None
    }

    /// Returns whether the step may run again for a task whose token it may have handed on already: it finds the
    /// same party by a name that is derived from the token.
    fn confirms_delegation(&self, _task: &Task<Box<RawValue>>) -> bool {
        false
    }

    /// Returns whether the step may block its thread, so that deadlines and heartbeats need another one.
    fn blocks(&self) -> bool {
        false
    }
}

impl<S: Step + ?Sized> Step for Arc<S> {
    fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepOutput, StepError>> {
        (**self).run(task)
    }

    fn reserve<'a>(&'a self, task: &'a RawTask) -> Option<BoxFuture<'a, Arc<dyn Step>>> {
        (**self).reserve(task)
    }

    fn confirms_delegation(&self, task: &Task<Box<RawValue>>) -> bool {
        (**self).confirms_delegation(task)
    }

    fn blocks(&self) -> bool {
        (**self).blocks()
    }
}

/// The result of a step that did not fail.
///
/// ```
/// use taskback::{Cancellation, StepError, StepOutput, Task};
///
/// async fn wait(task: Task<u64>) -> Result<StepOutput, StepError> {
///     match task.cancelled().await {
///         Cancellation::Requested => Ok(StepOutput::Canceled { details: "stopped in time".into() }),
///         _ => StepOutput::succeeded(&task.input),
///     }
/// }
/// ```
#[non_exhaustive]
pub enum StepOutput {
    /// The step did its work.
    Succeeded(Output),
    /// The step handed the token on: another party reports.
    Delegated {
        /// The name of that party, such as an execution's. Never the token.
        to: String,
    },
    /// The step stopped because the workflow asked for it; without such a request this counts as a failure.
    Canceled {
        /// A text for people.
        details: String,
    },
}

impl StepOutput {
    /// Success with any serialisable output.
    pub fn succeeded(output: &impl Serialize) -> Result<Self, StepError> {
        match Output::new(output) {
            Ok(output) => Ok(Self::Succeeded(output)),
            Err(error) => {
                Err(StepError::terminal("InvalidOutput", format!("the output is not JSON: {error}")))
            }
        }
    }
}

/// Shows the kind of end; the texts are the user's and may hold anything.
impl fmt::Debug for StepOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Succeeded(_) => "Succeeded",
            Self::Delegated { .. } => "Delegated",
            Self::Canceled { .. } => "Canceled",
        })
    }
}

/// The failure of a step. `?` on any error makes it [`Retryable`](Self::Retryable). There is no third kind, so that it
/// may be matched exhaustively.
///
/// ```
/// use taskback::{StepError, Task};
///
/// async fn parse(task: Task<String>) -> Result<u64, StepError> {
///     if task.input.is_empty() {
///         return Err(StepError::terminal("Empty", "the text is empty")); // the task fails at once
///     }
///     Ok(task.input.parse()?) // redelivered, and on the last delivery failed as `StepFailed`
/// }
/// ```
pub enum StepError {
    /// The task fails for good.
    Terminal {
        /// A short name for programs.
        error: String,
        /// A text for people.
        cause: String,
    },
    /// Nothing is reported: the message is redelivered and the step runs again. On the last delivery
    /// the failure `StepFailed` is reported.
    Retryable(Box<dyn Error + Send + Sync>),
}

impl StepError {
    /// A failure for good, by a short name for programs and a text for people.
    pub fn terminal(error: impl Into<String>, cause: impl Into<String>) -> Self {
        Self::Terminal { error: error.into(), cause: cause.into() }
    }

    /// A failure that may not occur again with another delivery: see [`Retryable`](Self::Retryable).
    pub fn retryable(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Retryable(error.into())
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for StepError {
    fn from(error: E) -> Self {
        Self::Retryable(Box::new(error))
    }
}

/// Shows the kind and the error's name; the texts are the user's and may hold anything.
impl fmt::Debug for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Terminal { error, .. } => write!(f, "Terminal({error})"),
            Self::Retryable(_) => f.write_str("Retryable"),
        }
    }
}
