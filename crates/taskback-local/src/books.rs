use std::collections::{HashMap, HashSet};

use taskback_core::{Service, TaskToken};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::faults::Faults;
use crate::queues::Queues;
use crate::task::{End, Task, Timeout, Timers};
use crate::{Attempt, Error, OpenTask, Opened, Outcome, TaskState, TaskView, fnf, swf};

/// All that the services remember. Whatever they do is one change of the books under one lock.
pub(crate) struct Books {
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) fnf: fnf::Desk,
    pub(crate) swf: swf::Desk,
    pub(crate) queues: Queues,
    tasks: HashMap<String, Task>,
    order: Vec<String>,
    /// Open tasks that may time out.
    timed: HashSet<String>,
}

impl Books {
    pub(crate) fn new(fnf: fnf::Desk) -> Self {
        Self {
            clock: Clock::start(),
            faults: Faults::default(),
            fnf,
            swf: swf::Desk::default(),
            queues: Queues::default(),
            tasks: HashMap::new(),
            order: Vec::new(),
            timed: HashSet::new(),
        }
    }

    pub(crate) fn open(&mut self, wanted: OpenTask, now: Instant) -> Result<Opened, Error> {
        wanted.check()?;
        let token = match &wanted.token {
            Some(token) => token.clone(),
            None => new_token(wanted.service)?,
        };
        let fingerprint = token.fingerprint().hex();
        match self.tasks.get(&fingerprint).map(|task| task.view.state) {
            Some(TaskState::Open) => return Err(Error::conflict("taskToken: its task is open already")),
            Some(_) if !wanted.reopen => {
                return Err(Error::conflict("taskToken: its task is closed; say reopen to open it again"));
            }
            Some(_) => {
                self.order.retain(|known| *known != fingerprint);
                self.swf.forget_unpolled(&fingerprint);
            }
            None => {}
        }
        let activity = match wanted.service {
            Service::Fnf => None,
            Service::Swf => Some(self.swf.schedule(&wanted, &fingerprint, self.clock.epoch_seconds(now))),
        };
        let timers = Timers::new(now, wanted.timeout, wanted.heartbeat);
        if timers.due().is_some() {
            self.timed.insert(fingerprint.clone());
        }
        let view = TaskView {
            fingerprint: fingerprint.clone(),
            service: wanted.service,
            state: TaskState::Open,
            outcome: None,
            reports: Vec::new(),
            cancel_requested: false,
            heartbeats: 0,
            progress: None,
            activity: activity.clone(),
        };
        let input = match wanted.service {
            Service::Fnf => wanted.input,
            Service::Swf => wanted.swf_input(),
        };
        self.tasks.insert(fingerprint.clone(), Task { token: token.clone(), input, timers, view });
        self.order.push(fingerprint.clone());
        Ok(Opened { token, fingerprint, activity })
    }

    pub(crate) fn task(&self, fingerprint: &str) -> Option<&Task> {
        self.tasks.get(fingerprint)
    }

    pub(crate) fn task_mut(&mut self, fingerprint: &str) -> Option<&mut Task> {
        self.tasks.get_mut(fingerprint)
    }

    /// In order of opening.
    pub(crate) fn views(&self) -> impl Iterator<Item = &TaskView> {
        self.order.iter().filter_map(|fingerprint| self.tasks.get(fingerprint)).map(|task| &task.view)
    }

    /// The one way in which a task ends; a closed one stays as it is. An execution that ends with
    /// its task may be what another task waits for.
    pub(crate) fn close(&mut self, fingerprint: &str, end: End, at: Instant) {
        let mut next = Some((fingerprint.to_owned(), end));
        while let Some((fingerprint, end)) = next {
            if !self.mark_closed(&fingerprint, &end, at) {
                return;
            }
            next = fnf::task_ended(self, &fingerprint, end, at);
        }
    }

    pub(crate) fn tell(&mut self, fingerprint: &str, outcome: Outcome, now: Instant) {
        self.close(fingerprint, End::Told(outcome), now);
    }

    /// Tells a task that an execution it waits for has ended.
    pub(crate) fn call_back(&mut self, task: Option<(String, End)>, at: Instant) {
        if let Some((fingerprint, end)) = task {
            self.close(&fingerprint, end, at);
        }
    }

    /// Does whatever was due by now, in the order in which it was.
    pub(crate) fn expire(&mut self, now: Instant) {
        loop {
            let task = self.first_timeout().filter(|(at, ..)| *at <= now);
            let flow = self.fnf.next_due().filter(|at| *at <= now);
            match (task, flow) {
                (Some((at, ..)), Some(flow)) if flow <= at => fnf::due(self),
                (Some((at, clock, fingerprint)), _) => {
                    let fingerprint = fingerprint.to_owned();
                    self.close(&fingerprint, End::TimedOut(clock), at);
                }
                (None, Some(_)) => fnf::due(self),
                (None, None) => return,
            }
        }
    }

    /// When something is due next, if nothing comes before.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.first_timeout().map(|(at, ..)| at).into_iter().chain(self.fnf.next_due()).min()
    }

    fn first_timeout(&self) -> Option<(Instant, Timeout, &str)> {
        let due = self.timed.iter().filter_map(|fingerprint| {
            let (at, clock) = self.tasks.get(fingerprint)?.timers.due()?;
            Some((at, clock, fingerprint.as_str()))
        });
        due.min_by_key(|(at, ..)| *at)
    }

    fn mark_closed(&mut self, fingerprint: &str, end: &End, at: Instant) -> bool {
        let Some(task) = self.tasks.get_mut(fingerprint) else { return false };
        if task.view.state != TaskState::Open {
            return false;
        }
        task.view.state = end.state();
        self.timed.remove(fingerprint);
        self.swf.record_end(&task.view, end, self.clock.epoch_seconds(at));
        if let End::Told(outcome) = end {
            task.view.outcome = Some(outcome.clone());
        }
        true
    }

    /// What `/_local` calls cancel: a request where the service has one, else the end of the task.
    pub(crate) fn cancel(&mut self, fingerprint: &str, now: Instant) -> Result<TaskView, Error> {
        let task = self.tasks.get_mut(fingerprint).ok_or_else(Error::not_found)?;
        if task.view.state != TaskState::Open {
            return Err(Error::conflict("fingerprint: its task is closed"));
        }
        match task.view.service {
            Service::Swf if task.view.cancel_requested => {}
            Service::Swf => {
                task.view.cancel_requested = true;
                self.swf.record_cancel(&task.view, self.clock.epoch_seconds(now));
            }
            Service::Fnf => {
                task.view.cancel_requested = true;
                self.close(fingerprint, End::CanceledHere, now);
            }
        }
        self.task(fingerprint).map(|task| task.view.clone()).ok_or_else(Error::not_found)
    }

    pub(crate) fn note(&mut self, fingerprint: &str, attempt: Attempt) {
        if let Some(task) = self.tasks.get_mut(fingerprint) {
            task.view.reports.push(attempt);
        }
    }
}

fn new_token(service: Service) -> Result<TaskToken, Error> {
    let text = match service {
        Service::Fnf => fnf::token::new(),
        Service::Swf => swf::new_token(),
    };
    TaskToken::new(service, text).map_err(|error| Error::invalid(error.to_string()))
}
