//! Async functions as steps.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use taskback_core::{INVALID_INPUT, without_repeated};

use super::contract::{Step, StepError, StepOutput};
use super::task::Task;
use crate::future::BoxFuture;

/// A value that serves as a step: an async function from [`Task<T>`] to `Result<O, E>`, where `T` is
/// deserialisable, `O` serialisable or [`StepOutput`], and `E` becomes a [`StepError`]; or a [`Step`].
///
/// ```
/// use std::sync::Arc;
///
/// use taskback::{StepError, Task, Taskback};
///
/// async fn double(task: Task<u64>) -> Result<u64, StepError> {
///     Ok(task.input * 2)
/// }
///
/// async fn add(amount: Arc<u64>, task: Task<u64>) -> Result<u64, StepError> {
///     Ok(task.input + *amount)
/// }
///
/// let builder = Taskback::builder().step(double);
/// let amount = Arc::new(7);
/// let builder = Taskback::builder().step(move |task| add(Arc::clone(&amount), task));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a step",
    label = "not a step",
    note = "a step is `async fn(Task<T>) -> Result<O, E>` with one argument, where `T: DeserializeOwned + Send`, \
            `O: Serialize` and `E: Into<StepError>`",
    note = "its future must be `Send`: it holds no `Rc`, `RefCell` guard or lock across an `.await`",
    note = "a step with state is a closure: `move |task| charge(Arc::clone(&state), task)`"
)]
pub trait IntoStep<Shape> {
    /// Returns the step.
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
    O: IntoStepOutput + 'static,
    E: Into<StepError> + 'static,
{
    fn into_step(self) -> impl Step {
        Function { function: self, shape: std::marker::PhantomData::<fn(T) -> Fut> }
    }
}

/// The output of a step function: anything serialisable, or a [`StepOutput`].
///
/// ```
/// use taskback::{IntoStepOutput, StepOutput};
///
/// assert!(matches!((1, "two").into_step_output(), Ok(StepOutput::Succeeded(output)) if output.json() == r#"[1,"two"]"#));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an output of a step",
    note = "an output implements `serde::Serialize`, or is a `StepOutput`"
)]
pub trait IntoStepOutput {
    /// Converts it into the output of a step.
    fn into_step_output(self) -> Result<StepOutput, StepError>;
}

impl<T: Serialize> IntoStepOutput for T {
    fn into_step_output(self) -> Result<StepOutput, StepError> {
        StepOutput::succeeded(&self)
    }
}

impl IntoStepOutput for StepOutput {
    fn into_step_output(self) -> Result<StepOutput, StepError> {
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
    O: IntoStepOutput + 'static,
    E: Into<StepError> + 'static,
{
    fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepOutput, StepError>> {
        let input = match typed(&task.input) {
            Ok(input) => input,
            Err(error) => {
                let error = StepError::terminal(INVALID_INPUT, error.to_string());
                return Box::pin(std::future::ready(Err(error)));
            }
        };
        let running = (self.function)(task.with_input(input));
        Box::pin(async move { running.await.map_err(Into::into)?.into_step_output() })
    }
}

/// Reads the input. Derived readers refuse repeated names; then the last one counts, as in most other readers.
fn typed<T: DeserializeOwned>(input: &RawValue) -> Result<T, serde_json::Error> {
    serde_json::from_str(input.get()).or_else(|error| match without_repeated(input) {
        Some(input) => serde_json::from_str(input.get()),
        None => Err(error),
    })
}
