//! The processes of a handler: as many as configured, each for one task at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::child::{Child, Start, Unusable};
use crate::step::contract::StepError;

pub(super) struct Pool {
    start: Start,
    /// One permit for each process that may be there.
    free: Arc<Semaphore>,
    /// Processes without a task: each may also be starting, or have ended.
    idle: Mutex<Vec<Child>>,
}

/// A process for one task. It is free again when this is dropped.
pub(super) struct Reserved {
    pool: Arc<Pool>,
    child: Option<Child>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Pool {
    pub(super) fn new(start: Start, handlers: usize) -> Arc<Self> {
        let free = Arc::new(Semaphore::new(handlers.max(1)));
        Arc::new(Self { start, free, idle: Mutex::default() })
    }

    /// Starts all processes, so that the first task waits for none. One that does not start is tried again by the task
    /// that needs it.
    pub(super) fn start(&self) {
        for _ in 0..self.free.available_permits() {
            match Child::start(&self.start, true) {
                Ok(child) => self.idle().push(child),
                Err(error) => {
                    let program = &self.start.line.program;
                    tracing::warn!(event = "step.handler_not_started", program, %error, "a handler did not start");
                }
            }
        }
    }

    /// Waits for a process that is free and asks for an invocation, and starts one where there is none. The error is
    /// retryable: the process does not start.
    pub(super) async fn reserve(self: &Arc<Self>) -> Result<Reserved, StepError> {
        // It is never closed.
        let permit = Arc::clone(&self.free).acquire_owned().await.ok();
        let mut reserved = Reserved { pool: Arc::clone(self), child: self.take_idle(), _permit: permit };
        if let Some(child) = &mut reserved.child {
            match child.ready().await {
                Ok(()) => return Ok(reserved),
                Err(reason) => reserved.replace(reason).await,
            }
        }
        reserved.start().await?;
        Ok(reserved)
    }

    /// Waits for a process that was started already. The error is the reason why there is none.
    pub(super) async fn reserve_started(self: &Arc<Self>) -> Result<Reserved, String> {
        let permit = Arc::clone(&self.free).acquire_owned().await.ok();
        let mut reserved = Reserved { pool: Arc::clone(self), child: self.take_idle(), _permit: permit };
        let Some(child) = &mut reserved.child else { return Err("did not start".to_owned()) };
        match child.ready().await {
            Ok(()) => Ok(reserved),
            Err(reason) => Err(reserved.unusable(reason).await),
        }
    }

    /// The process that is ready, or else any.
    fn take_idle(&self) -> Option<Child> {
        let mut idle = self.idle();
        let index = idle.iter().rposition(Child::is_ready).or_else(|| idle.len().checked_sub(1))?;
        Some(idle.swap_remove(index))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Child>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reserved {
    /// Takes the process for good, unless it is given back. One that has ended meanwhile had no part in the task, so that
    /// another one runs it.
    pub(super) async fn take(&mut self) -> Result<Child, StepError> {
        if self.child.as_ref().is_none_or(Child::has_ended) {
            self.replace(Unusable::Ended).await;
            self.start().await?;
        }
        self.child.take().ok_or_else(|| StepError::retryable("the handler is not there"))
    }

    /// Frees the process, which has answered, for the next task.
    pub(super) fn give_back(&mut self, mut child: Child) {
        child.rest();
        self.child = Some(child);
    }

    /// Starts a process, and waits until it asks for an invocation.
    async fn start(&mut self) -> Result<(), StepError> {
        let start = &self.pool.start;
        let started = Child::start(start, false).map_err(|error| {
            StepError::retryable(format!("the handler {:?} did not start: {error}", start.line.program))
        })?;
        match self.child.insert(started).ready().await {
            Ok(()) => Ok(()),
            Err(reason) => {
                let how = self.unusable(reason).await;
                Err(StepError::retryable(format!("the handler did not start: {how}")))
            }
        }
    }

    /// Ends a process in whose place another one will be.
    async fn replace(&mut self, reason: Unusable) {
        let how = self.unusable(reason).await;
        tracing::warn!(event = "step.handler_restarted", how, "a handler is started again");
    }

    /// Ends a process that takes no invocation, and returns why, on one line.
    async fn unusable(&mut self, reason: Unusable) -> String {
        let Some(child) = self.child.take() else { return String::new() };
        match reason {
            Unusable::Init(failure) => failure.line(),
            Unusable::Silent => "does not ask for an invocation".to_owned(),
            Unusable::Ended => child.end().await,
        }
    }
}

/// Also where it is still starting: the next task waits for the rest of that time only.
impl Drop for Reserved {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            self.pool.idle().push(child);
        }
    }
}
