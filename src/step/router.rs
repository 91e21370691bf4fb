use std::collections::HashMap;
use std::future::ready;
use std::sync::Arc;

use serde_json::Value;
use serde_json::value::RawValue;

use super::{IntoStep, Step, StepEnd, StepError, Task};
use crate::BoxFuture;
use crate::settings::{RoutedBy, UnknownTask};

/// A step of several: each task goes to the one for its type.
///
/// ```
/// use taskback::settings::UnknownTask;
/// use taskback::{Router, StepError, Task};
///
/// async fn verify(task: Task<u64>) -> Result<u64, StepError> {
///     Ok(task.input)
/// }
///
/// async fn refund(task: Task<String>) -> Result<String, StepError> {
///     Ok(task.input)
/// }
///
/// let steps = Router::by_activity().on("verify", verify).on("refund", refund).unknown(UnknownTask::Fail);
/// let taskback = taskback::Taskback::builder().step(steps);
/// ```
#[must_use]
pub struct Router {
    by: RoutedBy,
    steps: HashMap<String, Arc<dyn Step>>,
    unknown: UnknownTask,
}

impl Router {
    /// By the name of the task's SWF activity type. A message that does not say it is of an unknown
    /// type, and so are all tasks of FnF: route those by a field.
    pub fn by_activity() -> Self {
        Self::new(RoutedBy::Activity)
    }

    /// By the text at that JSON pointer of the task's input, such as `/kind`.
    pub fn by_field(pointer: impl Into<String>) -> Self {
        Self::new(RoutedBy::Field(pointer.into()))
    }

    pub(super) fn new(by: RoutedBy) -> Self {
        Self { by, steps: HashMap::new(), unknown: UnknownTask::Keep }
    }

    /// The step for the tasks of a type; the last one counts where a type is named twice.
    pub fn on<Shape>(mut self, kind: impl Into<String>, step: impl IntoStep<Shape>) -> Self {
        self.steps.insert(kind.into(), Arc::new(step.into_step()));
        self
    }

    /// What becomes of the other tasks; default: they are kept, as after a retryable error.
    pub fn unknown(mut self, choice: UnknownTask) -> Self {
        self.unknown = choice;
        self
    }

    fn step_for(&self, task: &Task<Box<RawValue>>) -> Option<&Arc<dyn Step>> {
        match &self.by {
            RoutedBy::Activity => self.steps.get(task.execution().activity_type.as_ref()?),
            RoutedBy::Field(pointer) => {
                let input: Value = serde_json::from_str(task.input.get()).ok()?;
                self.steps.get(input.pointer(pointer)?.as_str()?)
            }
        }
    }

    /// The input is the user's, and so is what it has at the pointer: neither is shown.
    fn nobody(&self, task: &Task<Box<RawValue>>) -> StepError {
        let why = match (&self.by, &task.execution().activity_type) {
            (RoutedBy::Activity, None) => "the message names no activity type".to_owned(),
            (RoutedBy::Activity, Some(name)) => {
                let name: String = name.chars().take(256).collect();
                format!("no step is for the activity type {name:?}")
            }
            (RoutedBy::Field(pointer), _) => format!("no step is for what the input has at {pointer}"),
        };
        match self.unknown {
            UnknownTask::Keep => StepError::retryable(why),
            UnknownTask::Fail => StepError::terminal("UnknownType", why),
        }
    }
}

impl Step for Router {
    fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepEnd, StepError>> {
        match self.step_for(&task) {
            Some(step) => step.run(task),
            None => Box::pin(ready(Err(self.nobody(&task)))),
        }
    }
}
