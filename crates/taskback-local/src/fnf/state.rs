use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tokio::time::Instant;

use super::authenticator::Authenticator;
use super::definition::{ExecutionMode, StateMachine};
use super::execution::FlowExecution;
use super::rate_limits::RateLimits;
use crate::config::Config;

/// The data of FnF beside the tasks.
pub(crate) struct FnfState {
    pub(super) authenticator: Authenticator,
    pub(super) limits: RateLimits,
    /// Flows by name.
    pub(super) flows: BTreeMap<String, Flow>,
    /// Every execution ever started. Its index is its id and never changes.
    pub(super) executions: Vec<FlowExecution>,
    /// The ids of the executions that wait for a task, by its fingerprint.
    pub(super) tasks: HashMap<String, usize>,
    /// The times at which executions may have something to do, with their ids. Some are outdated.
    pub(super) timers: BTreeSet<(Instant, usize)>,
    /// The last event of all tasks outside flows.
    last_event: i64,
}

pub(super) struct Flow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) definition: Arc<str>,
    pub(super) machine: Arc<StateMachine>,
    pub(super) description: String,
    pub(super) role_arn: String,
    pub(super) mode: ExecutionMode,
    pub(super) created: Instant,
    /// The ids of its executions by name.
    pub(super) executions: BTreeMap<String, usize>,
}

impl FnfState {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            authenticator: Authenticator::new(config),
            limits: if config.fnf_limits { RateLimits::documented() } else { RateLimits::unlimited() },
            flows: BTreeMap::new(),
            executions: Vec::new(),
            tasks: HashMap::new(),
            timers: BTreeSet::new(),
            last_event: 0,
        }
    }

    /// Returns the id of the event for the next report of the task.
    pub(super) fn next_event(&mut self, fingerprint: &str) -> i64 {
        if let Some(id) = self.tasks.get(fingerprint) {
            return self.executions[*id].last_event() + 1;
        }
        self.last_event += 1;
        self.last_event
    }
}
