use tokio::time::Instant;

use crate::durable::callback::Callback;
use crate::effect::Effect;
use crate::error::AdminError;
use crate::open::OpenTask;
use crate::operation::Operation;
use crate::sfn::waiting_state::WaitingState;
use crate::state::LocalState;
use crate::swf::activity::Activity;
use crate::task::{TaskEnd, TaskState, TaskView};
use crate::tasks::Tasks;

/// The rules of one service. A method only changes the state; what reaches beyond the service's own
/// data is returned as effects, which the lifecycle applies.
pub(crate) trait Engine: Sync {
    fn operations(&self) -> Vec<Operation>;

    /// The fields of an [`OpenTask`] that this service has and others may not have.
    fn special_fields(&self) -> &'static [&'static str];

    /// Checks the service's own limits of a task to open.
    fn check(&self, task: &OpenTask) -> Result<(), AdminError>;

    /// Makes a token that looks like the service's own.
    fn new_token(&self) -> String;

    /// Prepares the service for a new open task, which has its token.
    fn schedule(&self, state: &mut LocalState, task: &OpenTask, fingerprint: &str, now: Instant)
    -> Scheduled;

    /// Requests the cancellation of an open task, or ends it if the service has no such request.
    fn cancel(&self, state: &mut LocalState, fingerprint: &str, now: Instant) -> Vec<Effect>;

    /// Reacts to the end of a task, which is already closed.
    fn task_closed(
        &self,
        state: &mut LocalState,
        fingerprint: &str,
        end: &TaskEnd,
        at: Instant,
    ) -> Vec<Effect>;

    /// The time at which [`run_due`](Self::run_due) has something to do.
    fn next_due(&self, _state: &LocalState) -> Option<Instant> {
        None
    }

    /// Runs what is due first.
    fn run_due(&self, _state: &mut LocalState) -> Vec<Effect> {
        Vec::new()
    }
}

/// Closes the open tasks of an execution that ended.
pub(crate) fn close_open(tasks: &Tasks, belongs: impl Fn(&TaskView) -> bool) -> Vec<Effect> {
    let open = tasks.views().filter(|view| view.state == TaskState::Open && belongs(view));
    open.map(|view| Effect::Close { fingerprint: view.fingerprint.clone(), end: TaskEnd::WorkflowEnded })
        .collect()
}

/// The data of a scheduled task that depends on its service.
#[derive(Default)]
pub(crate) struct Scheduled {
    /// The input as the worker gets it.
    pub(crate) input: String,
    pub(crate) activity: Option<Activity>,
    pub(crate) waiting_state: Option<WaitingState>,
    pub(crate) callback: Option<Callback>,
}
