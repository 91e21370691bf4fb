use std::collections::{HashMap, HashSet};

use tokio::time::Instant;

use crate::task::{LocalTask, TaskState, TaskView, TimeoutKind};

/// The tasks of all services by fingerprint, open and closed.
#[derive(Default)]
pub(crate) struct Tasks {
    by_fingerprint: HashMap<String, LocalTask>,
    /// Fingerprints in the order of opening.
    order: Vec<String>,
    /// Open tasks that may time out.
    timed: HashSet<String>,
}

impl Tasks {
    pub(crate) fn get(&self, fingerprint: &str) -> Option<&LocalTask> {
        self.by_fingerprint.get(fingerprint)
    }

    pub(crate) fn get_mut(&mut self, fingerprint: &str) -> Option<&mut LocalTask> {
        self.by_fingerprint.get_mut(fingerprint)
    }

    pub(crate) fn state(&self, fingerprint: &str) -> Option<TaskState> {
        self.get(fingerprint).map(|task| task.view.state)
    }

    /// All tasks, in the order of opening.
    pub(crate) fn views(&self) -> impl Iterator<Item = &TaskView> {
        self.order.iter().filter_map(|fingerprint| self.get(fingerprint)).map(|task| &task.view)
    }

    /// Adds a task behind all others. A closed task with the same fingerprint is replaced.
    pub(crate) fn insert(&mut self, task: LocalTask) {
        let fingerprint = task.view.fingerprint.clone();
        self.order.retain(|known| *known != fingerprint);
        self.order.push(fingerprint.clone());
        if task.timers.due().is_some() {
            self.timed.insert(fingerprint.clone());
        }
        self.by_fingerprint.insert(fingerprint, task);
    }

    /// Sets the final state of an open task, which then no longer times out.
    pub(crate) fn mark_closed(&mut self, fingerprint: &str, state: TaskState) -> Option<&mut LocalTask> {
        let task = self.by_fingerprint.get_mut(fingerprint)?;
        if task.view.state != TaskState::Open {
            return None;
        }
        task.view.state = state;
        self.timed.remove(fingerprint);
        Some(task)
    }

    /// The task that times out first.
    pub(crate) fn first_timeout(&self) -> Option<(Instant, TimeoutKind, &str)> {
        let due = self.timed.iter().filter_map(|fingerprint| {
            let (at, kind) = self.get(fingerprint)?.timers.due()?;
            Some((at, kind, fingerprint.as_str()))
        });
        due.min_by_key(|(at, ..)| *at)
    }
}
