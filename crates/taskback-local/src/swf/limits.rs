//! SWF's documented maximum lengths, in characters.

/// Length of an input, a result and the details of a report.
pub(super) const MAX_DATA: usize = 32_768;
/// Length of the reason of a failure or a termination.
pub(super) const MAX_REASON: usize = 256;
/// Length of the details of a heartbeat.
pub(super) const MAX_PROGRESS: usize = 2048;
/// Length of a domain, a task list and other names.
pub(super) const MAX_NAME: usize = 256;
/// Length of a run id.
pub(super) const MAX_RUN_ID: usize = 64;
