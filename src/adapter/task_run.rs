//! The data of a handler and of one task; the files beside it have the steps of the way.

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use taskback_core::{Digest, RetryPolicy};
use tokio::runtime::Handle;

use super::policy::{ClosedTaskPolicy, LedgerFailurePolicy};
use crate::budget::Budget;
use crate::ledger::Ledger;
use crate::metrics::Metrics;
use crate::service::{Reporter, Services};
use crate::shutdown::Shutdown;
use crate::step::Step;
use crate::task_labels::TaskLabels;

/// The parts of a handler that settle each delivery.
pub(crate) struct Adapter {
    pub(crate) services: Services,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) step: Arc<dyn Step>,
    /// The runtime of the steps. Those that may block need another thread than deadlines and heartbeats.
    pub(crate) steps: Handle,
    pub(crate) retry: RetryPolicy,
    /// The longest lease.
    pub(crate) lease: Duration,
    pub(crate) ledger_failure: LedgerFailurePolicy,
    pub(crate) closed_tasks: ClosedTaskPolicy,
    pub(crate) max_receives: Option<u32>,
    pub(crate) heartbeat: Duration,
    pub(crate) heartbeat_first: bool,
    /// Asks the service's history who closed a task.
    pub(crate) ask_history: bool,
    pub(crate) metrics: Metrics,
    pub(crate) shutdown: Shutdown,
}

/// One task from its claim to its receipt.
pub(super) struct TaskRun<'a> {
    pub(super) adapter: &'a Adapter,
    pub(super) reporter: &'a dyn Reporter,
    /// The step with what it reserved for this task.
    pub(super) step: Arc<dyn Step>,
    /// The task without its input, and its fingerprint.
    pub(super) labels: &'a TaskLabels<'a>,
    pub(super) step_input: Box<RawValue>,
    /// The digest of the task's input, where it is known.
    pub(super) input: Option<Digest>,
    pub(super) budget: &'a Budget,
}
