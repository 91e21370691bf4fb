use std::collections::{BTreeMap, BTreeSet, HashMap};

use tokio::time::Instant;

use super::execution::Execution;
use super::flows::Flow;
use super::gate::Gate;
use super::limiter::Limits;
use crate::Config;

/// What FnF remembers beside the tasks.
pub(crate) struct Desk {
    pub(super) gate: Gate,
    pub(super) limits: Limits,
    pub(super) flows: BTreeMap<String, Flow>,
    /// Every execution that ever was; none moves from its place.
    pub(super) executions: Vec<Execution>,
    /// The executions that wait for a task, by its fingerprint.
    pub(super) tasks: HashMap<String, usize>,
    /// When executions want to be looked at; some no longer do.
    pub(super) timers: BTreeSet<(Instant, usize)>,
    /// The last event of the tasks that belong to no flow.
    last_event: i64,
}

impl Desk {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            gate: Gate::new(config),
            limits: if config.fnf_limits { Limits::documented() } else { Limits::none() },
            flows: BTreeMap::new(),
            executions: Vec::new(),
            tasks: HashMap::new(),
            timers: BTreeSet::new(),
            last_event: 0,
        }
    }

    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// The event that a report of that task will be.
    pub(super) fn next_event(&mut self, fingerprint: &str) -> i64 {
        if let Some(id) = self.tasks.get(fingerprint) {
            return self.executions[*id].last_event() + 1;
        }
        self.last_event += 1;
        self.last_event
    }
}
