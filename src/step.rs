//! The user's business code.

mod chosen;
#[cfg(feature = "outside")]
mod command;
#[cfg(feature = "outside")]
mod http;
#[cfg(feature = "outside")]
mod outside;
mod router;
mod task;
mod verify_card;

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use taskback_core::{INVALID_INPUT, Output};

use crate::BoxFuture;

pub(crate) use chosen::chosen;
#[cfg(feature = "outside")]
pub use command::CommandStep;
#[cfg(feature = "outside")]
pub use http::HttpStep;
pub use router::Router;
pub(crate) use task::Known;
pub use task::{Cancellation, Task};
pub use verify_card::{Card, Verified, verify_card};

/// A unit of business code. A plain `async fn(Task<T>) -> Result<T2, StepError>` is one: see
/// [`IntoStep`].
pub trait Step: Send + Sync + 'static {
    /// Runs once for a claimed task.
    fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepEnd, StepError>>;
}

impl<S: Step + ?Sized> Step for Arc<S> {
    fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepEnd, StepError>> {
        (**self).run(task)
    }
}

/// How a step ended, where it did not fail.
pub enum StepEnd {
    /// It did its work.
    Succeeded(Output),
    /// It handed the token on: somebody else reports.
    Delegated {
        /// Who, such as an execution's name. Never the token.
        to: String,
    },
    /// It stopped because the workflow asked for it; without such a request this counts as a failure.
    Canceled {
        /// A text for people.
        details: String,
    },
}

impl StepEnd {
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
impl fmt::Debug for StepEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Succeeded(_) => "Succeeded",
            Self::Delegated { .. } => "Delegated",
            Self::Canceled { .. } => "Canceled",
        })
    }
}

/// How a step failed. `?` on any error makes it [`Retryable`](Self::Retryable).
pub enum StepError {
    /// Tell the workflow that it failed, for good.
    Terminal {
        /// A short name for programs.
        error: String,
        /// A text for people.
        cause: String,
    },
    /// Tell nobody: the message comes back and the step runs again. On the last delivery the
    /// workflow is told the failure `StepFailed`.
    Retryable(Box<dyn Error + Send + Sync>),
}

impl StepError {
    /// A failure for good, by a short name for programs and a text for people.
    pub fn terminal(error: impl Into<String>, cause: impl Into<String>) -> Self {
        Self::Terminal { error: error.into(), cause: cause.into() }
    }

    /// A failure that another delivery may mend.
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

/// What can serve as a step: an async function from [`Task<T>`] to `Result<O, E>`, where `T` is
/// deserialisable, `O` serialisable or [`StepEnd`], and `E` becomes a [`StepError`]; or a [`Step`].
pub trait IntoStep<Shape> {
    /// The step.
    fn into_step(self) -> impl Step;
}

impl<S: Step> IntoStep<()> for S {
    fn into_step(self) -> impl Step {
        self
    }
}

impl<F, Fut, T, O, E> IntoStep<fn(T) -> Result<O, E>> for F
where
    F: Fn(Task<T>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<O, E>> + Send + 'static,
    T: DeserializeOwned + Send + 'static,
    O: IntoStepEnd + 'static,
    E: Into<StepError> + 'static,
{
    fn into_step(self) -> impl Step {
        Function { function: self, shape: std::marker::PhantomData::<fn(T) -> Fut> }
    }
}

/// What a step function may return: anything serialisable, or a [`StepEnd`].
pub trait IntoStepEnd {
    /// The end.
    fn into_step_end(self) -> Result<StepEnd, StepError>;
}

impl<T: Serialize> IntoStepEnd for T {
    fn into_step_end(self) -> Result<StepEnd, StepError> {
        StepEnd::succeeded(&self)
    }
}

impl IntoStepEnd for StepEnd {
    fn into_step_end(self) -> Result<StepEnd, StepError> {
        Ok(self)
    }
}

struct Function<F, S> {
    function: F,
    shape: std::marker::PhantomData<S>,
}

impl<F, Fut, T, O, E> Step for Function<F, fn(T) -> Fut>
where
    F: Fn(Task<T>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<O, E>> + Send + 'static,
    T: DeserializeOwned + Send + 'static,
    O: IntoStepEnd + 'static,
    E: Into<StepError> + 'static,
{
    fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepEnd, StepError>> {
        let input = match serde_json::from_str(task.input.get()) {
            Ok(input) => input,
            Err(error) => {
                let error = StepError::terminal(INVALID_INPUT, error.to_string());
                return Box::pin(std::future::ready(Err(error)));
            }
        };
        let running = (self.function)(task.with_input(input));
        Box::pin(async move { running.await.map_err(Into::into)?.into_step_end() })
    }
}
