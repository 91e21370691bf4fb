use std::collections::{BTreeSet, VecDeque};

use super::execution::Execution;

/// The activity that is always there.
pub(super) const DEFAULT_ACTIVITY: &str = "arn:aws:states:us-east-1:123456789012:activity:taskback";

/// The data of Step Functions beside the tasks.
pub(crate) struct SfnState {
    pub(super) activities: BTreeSet<String>,
    pub(super) executions: Vec<Execution>,
    /// The fingerprints of activity tasks that were not polled yet, oldest first.
    pub(super) unpolled: VecDeque<String>,
}

impl SfnState {
    pub(super) fn execution(&mut self, arn: &str) -> Option<&mut Execution> {
        self.executions.iter_mut().rev().find(|execution| execution.arn == arn)
    }
}

impl Default for SfnState {
    fn default() -> Self {
        let activities = BTreeSet::from([DEFAULT_ACTIVITY.to_owned()]);
        Self { activities, executions: Vec::new(), unpolled: VecDeque::new() }
    }
}
