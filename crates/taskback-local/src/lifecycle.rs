//! The life of tasks: opened, canceled, timed out, closed. It applies the effects of the engines and
//! calls the engine of a task's service, and is the only place where a task is opened or closed.

use std::collections::VecDeque;

use taskback_core::{Service, TaskToken};
use tokio::time::Instant;

use crate::effect::Effect;
use crate::engine::{Engine, Scheduled};
use crate::error::AdminError;
use crate::open::{OpenTask, OpenedTask};
use crate::state::LocalState;
use crate::task::{Attempt, LocalTask, TaskEnd, TaskState, TaskTimers, TaskView, TimeoutKind};

/// The engines of all services.
#[derive(Clone, Copy)]
pub(crate) struct Engines {
    pub(crate) services: &'static [Service],
    pub(crate) get: fn(Service) -> &'static dyn Engine,
}

pub(crate) struct Lifecycle {
    pub(crate) state: LocalState,
    engines: Engines,
}

/// The next event that time causes.
enum Due {
    Engine(&'static dyn Engine),
    Timeout(String, TimeoutKind),
}

impl Lifecycle {
    pub(crate) fn new(state: LocalState, engines: Engines) -> Self {
        Self { state, engines }
    }

    /// Opens a task, or opens a closed one again if `reopen` is set.
    pub(crate) fn open(&mut self, task: OpenTask, now: Instant) -> Result<OpenedTask, AdminError> {
        let engine = self.engine(task.service);
        self.check(&task, engine)?;
        let token = match &task.token {
            Some(token) => token.clone(),
            None => TaskToken::new(task.service, engine.new_token())
                .map_err(|error| AdminError::invalid(error.to_string()))?,
        };
        let fingerprint = token.fingerprint().hex();
        match self.state.tasks.state(&fingerprint) {
            Some(TaskState::Open) => {
                return Err(AdminError::conflict("taskToken: its task is already open"));
            }
            Some(_) if !task.reopen => {
                let message = "taskToken: its task is closed; set reopen to open it again";
                return Err(AdminError::conflict(message));
            }
            Some(_) | None => {}
        }
        let task = OpenTask { token: Some(token.clone()), ..task };
        let Scheduled { input, activity, waiting_state, callback } =
            engine.schedule(&mut self.state, &task, &fingerprint, now);
        let view = TaskView {
            fingerprint: fingerprint.clone(),
            service: task.service,
            state: TaskState::Open,
            outcome: None,
            reports: Vec::new(),
            cancel_requested: false,
            heartbeats: 0,
            progress: None,
            activity: activity.clone(),
            waiting_state: waiting_state.clone(),
            callback: callback.clone(),
        };
        let timers = TaskTimers::new(now, task.timeout, task.heartbeat);
        self.state.tasks.insert(LocalTask { token: token.clone(), input, timers, view });
        Ok(OpenedTask { token, fingerprint, activity, waiting_state, callback })
    }

    /// Cancels an open task in the way of its service.
    pub(crate) fn cancel(&mut self, fingerprint: &str, now: Instant) -> Result<TaskView, AdminError> {
        let task = self.state.tasks.get(fingerprint).ok_or_else(AdminError::not_found)?;
        if task.view.state != TaskState::Open {
            return Err(AdminError::conflict("fingerprint: its task is closed"));
        }
        let engine = self.engine(task.view.service);
        let effects = engine.cancel(&mut self.state, fingerprint, now);
        self.apply(effects, now);
        let task = self.state.tasks.get(fingerprint).ok_or_else(AdminError::not_found)?;
        Ok(task.view.clone())
    }

    /// Applies effects in their order. Those that an effect causes come before the rest.
    pub(crate) fn apply(&mut self, effects: Vec<Effect>, at: Instant) {
        let mut pending = VecDeque::from(effects);
        while let Some(effect) = pending.pop_front() {
            match effect {
                Effect::Open(task) => {
                    // Engines check what they open, and their tokens are new.
                    if let Err(error) = self.open(*task, at) {
                        tracing::error!(event = "task.not_opened", %error, "a workflow's task could not be opened");
                    }
                }
                Effect::Send { queue, body } => self.state.queues.send(&queue, body),
                Effect::Close { fingerprint, end } => {
                    for effect in self.close(&fingerprint, end, at).into_iter().rev() {
                        pending.push_front(effect);
                    }
                }
            }
        }
    }

    /// Runs everything that is due by now, in the order of time.
    pub(crate) fn expire(&mut self, now: Instant) {
        while let Some((at, due)) = self.first_due().filter(|(at, _)| *at <= now) {
            let effects = match due {
                Due::Engine(engine) => engine.run_due(&mut self.state),
                Due::Timeout(fingerprint, kind) => {
                    vec![Effect::Close { fingerprint, end: TaskEnd::TimedOut(kind) }]
                }
            };
            self.apply(effects, at);
        }
    }

    /// The time at which [`expire`](Self::expire) has something to do, unless the state changes before.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.first_due().map(|(at, _)| at)
    }

    pub(crate) fn record_attempt(&mut self, fingerprint: &str, attempt: Attempt) {
        if let Some(task) = self.state.tasks.get_mut(fingerprint) {
            task.view.reports.push(attempt);
        }
    }

    fn engine(&self, service: Service) -> &'static dyn Engine {
        (self.engines.get)(service)
    }

    fn check(&self, task: &OpenTask, engine: &dyn Engine) -> Result<(), AdminError> {
        task.check()?;
        engine.check(task)?;
        let mut fields = task.special_fields();
        let Some(field) = fields.find(|field| !engine.special_fields().contains(field)) else {
            return Ok(());
        };
        let engines = self.engines.services.iter().map(|service| (service, self.engine(*service)));
        let names = engines.filter(|(_, engine)| engine.special_fields().contains(&field));
        let names: Vec<_> = names.map(|(service, _)| service.name()).collect();
        let have = if names.len() == 1 { "has" } else { "have" };
        Err(AdminError::invalid(format!("{field}: only {} {have} it", names.join(" and "))))
    }

    fn close(&mut self, fingerprint: &str, end: TaskEnd, at: Instant) -> Vec<Effect> {
        let Some(task) = self.state.tasks.mark_closed(fingerprint, end.state()) else { return Vec::new() };
        if let TaskEnd::Reported(outcome) = &end {
            task.view.outcome = Some(outcome.clone());
        }
        let service = task.view.service;
        self.engine(service).task_closed(&mut self.state, fingerprint, &end, at)
    }

    /// The event that is due first. At the same time, engines come before time-outs.
    fn first_due(&self) -> Option<(Instant, Due)> {
        let engines = self.engines.services.iter().filter_map(|service| {
            let engine = self.engine(*service);
            engine.next_due(&self.state).map(|at| (at, Due::Engine(engine)))
        });
        let timeout = self.state.tasks.first_timeout();
        let timeout = timeout.map(|(at, kind, task)| (at, Due::Timeout(task.to_owned(), kind)));
        engines.chain(timeout).min_by_key(|(at, _)| *at)
    }
}
