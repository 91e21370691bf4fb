use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

use crate::books::Books;
use crate::{Error, Fault, Message, OpenTask, Opened, TaskView, fnf};

/// The services' memory, for tests in the same process: what `/_local` does over HTTP. A clone is
/// the same memory.
#[derive(Clone)]
pub struct State(Arc<Shared>);

struct Shared {
    books: Mutex<Books>,
    changed: Notify,
}

impl State {
    pub(crate) fn new(fnf: fnf::Desk) -> Self {
        Self(Arc::new(Shared { books: Mutex::new(Books::new(fnf)), changed: Notify::new() }))
    }

    /// Opens a task.
    pub fn open(&self, task: OpenTask) -> Result<Opened, Error> {
        let opened = self.books().open(task, Instant::now())?;
        self.tell_waiting();
        Ok(opened)
    }

    /// Every task, in order of opening.
    pub fn tasks(&self) -> Vec<TaskView> {
        self.books().views().cloned().collect()
    }

    /// The task with that fingerprint (64 hex digits).
    pub fn task(&self, fingerprint: &str) -> Option<TaskView> {
        self.books().task(fingerprint).map(|task| task.view.clone())
    }

    /// SWF: has the workflow request the task's cancellation, which its next heartbeat learns. FnF,
    /// which has no such request: closes the task, and stops the execution that it
    /// belongs to.
    pub fn cancel(&self, fingerprint: &str) -> Result<TaskView, Error> {
        let canceled = self.books().cancel(fingerprint, Instant::now());
        self.tell_waiting();
        canceled
    }

    /// Takes up to `max` messages out of a queue that flows fill, the oldest first. A queue that no
    /// flow has sent to is empty.
    pub fn receive(&self, queue: &str, max: usize) -> Vec<Message> {
        self.books().queues.receive(queue, max)
    }

    /// Every queue that a flow has sent to, by name, with the number of its messages.
    pub fn queues(&self) -> Vec<(String, usize)> {
        self.books().queues.list()
    }

    /// Adds a fault behind those still to come (at most 10,000).
    pub fn inject(&self, fault: Fault) -> Result<(), Error> {
        self.books().faults.add(fault)
    }

    /// The faults still to come.
    pub fn faults(&self) -> Vec<Fault> {
        self.books().faults.list()
    }

    /// Forgets every fault still to come.
    pub fn clear_faults(&self) {
        self.books().faults.clear();
    }

    /// The books, with everything timed out that has by now.
    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        // A panic of one request must not take the others with it.
        let mut books = self.0.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.expire(Instant::now());
        books
    }

    /// Lets the calls that wait look at the books again.
    pub(crate) fn tell_waiting(&self) {
        self.0.changed.notify_waiters();
    }

    /// Ends when something may have changed after this call.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.0.changed.notified()
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}
