use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

use crate::error::AdminError;
use crate::faults::Fault;
use crate::lifecycle::Lifecycle;
use crate::open::{OpenTask, OpenedTask};
use crate::queues::Message;
use crate::task::TaskView;

/// The state of a server, for tests in the same process: `/_local` offers the same over HTTP. Clones
/// share one state.
#[derive(Clone)]
pub struct SharedState(Arc<Inner>);

struct Inner {
    lifecycle: Mutex<Lifecycle>,
    changed: Notify,
}

impl SharedState {
    pub(crate) fn new(lifecycle: Lifecycle) -> Self {
        Self(Arc::new(Inner { lifecycle: Mutex::new(lifecycle), changed: Notify::new() }))
    }

    /// Opens a task. The errors name the field to correct, or the conflict with a known task.
    pub fn open(&self, task: OpenTask) -> Result<OpenedTask, AdminError> {
        let opened = self.lock().open(task, Instant::now())?;
        self.notify_waiting();
        Ok(opened)
    }

    /// Returns every task, in the order of opening.
    pub fn tasks(&self) -> Vec<TaskView> {
        self.lock().state.tasks.views().cloned().collect()
    }

    /// Returns the task with this fingerprint (64 hex digits).
    pub fn task(&self, fingerprint: &str) -> Option<TaskView> {
        self.lock().state.tasks.get(fingerprint).map(|task| task.view.clone())
    }

    /// Cancels an open task. SWF: the workflow requests the cancellation, which the next heartbeat
    /// reports. FnF, which has no such request: closes the task, and stops the execution that it
    /// belongs to. Step Functions and durable functions: aborts or stops the task's execution. An unknown or
    /// closed task is an error.
    pub fn cancel(&self, fingerprint: &str) -> Result<TaskView, AdminError> {
        let canceled = self.lock().cancel(fingerprint, Instant::now());
        self.notify_waiting();
        canceled
    }

    /// Removes up to `max` messages from a queue that flows send to, oldest first. A queue without a
    /// message so far is empty.
    pub fn receive(&self, queue: &str, max: usize) -> Vec<Message> {
        self.lock().state.queues.receive(queue, max)
    }

    /// Returns the name and the number of messages of every queue that a flow has sent to.
    pub fn queues(&self) -> Vec<(String, usize)> {
        self.lock().state.queues.list()
    }

    /// Adds a fault behind the pending ones (at most 10,000). An error names the field to correct.
    pub fn inject(&self, fault: Fault) -> Result<(), AdminError> {
        self.lock().state.faults.add(fault)
    }

    /// Returns the pending faults.
    pub fn faults(&self) -> Vec<Fault> {
        self.lock().state.faults.list()
    }

    /// Removes all pending faults.
    pub fn clear_faults(&self) {
        self.lock().state.faults.clear();
    }

    /// Locks the state, after everything that is due by now has run.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Lifecycle> {
        // A panic in one request must not fail the others.
        let mut lifecycle = self.0.lifecycle.lock().unwrap_or_else(PoisonError::into_inner);
        lifecycle.expire(Instant::now());
        lifecycle
    }

    /// Wakes the calls that wait for a change of the state.
    pub(crate) fn notify_waiting(&self) {
        self.0.changed.notify_waiters();
    }

    /// Resolves at the next change after this call.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.0.changed.notified()
    }
}

impl std::fmt::Debug for SharedState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedState").finish_non_exhaustive()
    }
}
