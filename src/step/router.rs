use std::collections::HashMap;
use std::fmt;
use std::future::ready;
use std::sync::Arc;

use serde_json::value::RawValue;
use taskback_core::{Execution, RawTask, find, swf};

use super::contract::{Step, StepError, StepOutput};
use super::function::IntoStep;
use super::task::Task;
use crate::future::BoxFuture;

/// A step of several: each task goes to the step of its type.
///
/// ```
/// use taskback::{Router, StepError, Task, UnroutedPolicy};
///
/// async fn verify(task: Task<u64>) -> Result<u64, StepError> {
///     Ok(task.input)
/// }
///
/// async fn refund(task: Task<String>) -> Result<String, StepError> {
///     Ok(task.input)
/// }
///
/// let steps = Router::by_activity().route("verify", verify).route("refund", refund).unrouted(UnroutedPolicy::Fail);
/// let taskback = taskback::Taskback::builder().step(steps);
/// ```
#[must_use]
pub struct Router {
    key: RouteKey,
    steps: HashMap<String, Arc<dyn Step>>,
    unrouted: UnroutedPolicy,
}

/// Shows the types that have a route; steps are opaque.
impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut types: Vec<_> = self.steps.keys().collect();
        types.sort();
        let Self { key, unrouted, .. } = self;
        f.debug_struct("Router").field("key", key).field("types", &types).field("unrouted", unrouted).finish()
    }
}

impl Router {
    /// Routes by the name of the task's SWF activity type. A message without it has no route, and neither has a task of
    /// FnF: route those by a field.
    pub fn by_activity() -> Self {
        Self::new(RouteKey::Activity)
    }

    /// Routes by the text at that JSON pointer of the task's input, such as `/kind`.
    pub fn by_field(pointer: impl Into<String>) -> Self {
        Self::new(RouteKey::Field(pointer.into()))
    }

    pub(super) fn new(key: RouteKey) -> Self {
        Self { key, steps: HashMap::new(), unrouted: UnroutedPolicy::Retry }
    }

    /// Adds the step for the tasks of a type; the last one counts where a type is named twice.
    pub fn route<Shape>(mut self, kind: impl Into<String>, step: impl IntoStep<Shape>) -> Self {
        self.steps.insert(kind.into(), Arc::new(step.into_step()));
        self
    }

    /// Sets the choice for all other tasks; default: they are redelivered, as after a retryable error.
    pub fn unrouted(mut self, policy: UnroutedPolicy) -> Self {
        self.unrouted = policy;
        self
    }

    fn step_for(&self, execution: &Execution, input: &RawValue) -> Option<&Arc<dyn Step>> {
        match &self.key {
            RouteKey::Activity => self.steps.get(execution.text(swf::ACTIVITY_TYPE)?),
            RouteKey::Field(pointer) => {
                // Raw, so that a large number or a deep value beside it hides nothing.
                let kind = find(input, pointer)?.value;
                self.steps.get(&serde_json::from_str::<String>(kind.get()).ok()?)
            }
        }
    }

    /// The input is the user's, and so is what it has at the pointer: neither is shown.
    fn no_route(&self, task: &Task<Box<RawValue>>) -> StepError {
        let reason = match (&self.key, task.execution().text(swf::ACTIVITY_TYPE)) {
            (RouteKey::Activity, None) => "the message names no activity type".to_owned(),
            (RouteKey::Activity, Some(name)) => {
                format!("no step is for the activity type {:?}", task.token().redact_line(name, 256))
            }
            (RouteKey::Field(pointer), _) => format!("no step is for what the input has at {pointer}"),
        };
        match self.unrouted {
            UnroutedPolicy::Retry => StepError::retryable(reason),
            UnroutedPolicy::Fail => StepError::terminal("UnknownType", reason),
        }
    }
}

impl Step for Router {
    fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepOutput, StepError>> {
        match self.step_for(task.execution(), &task.input) {
            Some(step) => step.run(task),
            None => Box::pin(ready(Err(self.no_route(&task)))),
        }
    }

    fn reserve<'a>(&'a self, task: &'a RawTask) -> Option<BoxFuture<'a, Arc<dyn Step>>> {
        self.step_for(&task.execution, &task.input)?.reserve(task)
    }

    fn confirms_delegation(&self, task: &Task<Box<RawValue>>) -> bool {
        self.step_for(task.execution(), &task.input).is_some_and(|step| step.confirms_delegation(task))
    }

    fn blocks(&self) -> bool {
        self.steps.values().any(|step| step.blocks())
    }
}

/// The source of a task's type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RouteKey {
    /// `activity`: the name of its SWF activity type, where the message has it.
    Activity,
    /// A JSON pointer, such as `/kind`, to a text of its input.
    Field(String),
}

/// The choice for a task without a route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnroutedPolicy {
    /// `retry`: its message is redelivered, and ends as a dead letter unless a worker with a route receives it.
    #[default]
    Retry,
    /// `fail`: the failure `UnknownType` is reported at once.
    Fail,
}
