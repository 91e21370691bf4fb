use std::collections::{BTreeSet, VecDeque};

use super::activity::Activity;
use super::execution::{DEFAULT_NAME, WorkflowExecution};
use super::refusal::unknown;
use crate::response::Refusal;

/// The data of SWF beside the tasks.
pub(crate) struct SwfState {
    pub(super) domains: BTreeSet<String>,
    pub(super) executions: Vec<WorkflowExecution>,
    /// The fingerprints of tasks that were not polled yet, oldest first.
    pub(super) unpolled: VecDeque<String>,
}

impl SwfState {
    pub(super) fn check_domain(&self, domain: &str) -> Result<(), Refusal> {
        if !self.domains.contains(domain) {
            return Err(unknown(format!("Unknown domain: {domain}")));
        }
        Ok(())
    }

    /// Returns whether the activity's workflow execution is open.
    pub(super) fn is_open(&self, activity: &Activity) -> bool {
        self.executions.iter().any(|execution| execution.is_open && execution.run_id == activity.run_id)
    }

    pub(super) fn execution(&mut self, run_id: &str) -> Option<&mut WorkflowExecution> {
        self.executions.iter_mut().rev().find(|execution| execution.run_id == run_id)
    }
}

impl Default for SwfState {
    fn default() -> Self {
        let domains = BTreeSet::from([DEFAULT_NAME.to_owned()]);
        Self { domains, executions: Vec::new(), unpolled: VecDeque::new() }
    }
}
