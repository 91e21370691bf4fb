//! FnF's documented limits.

/// The maximum size of event data in bytes, which holds for every input and output.
pub(super) const MAX_DATA: usize = 64 * 1024;
/// The maximum number of characters of an error, of tasks as of executions.
pub(super) const MAX_ERROR: usize = 128;
/// The maximum number of characters of a cause, of tasks as of executions.
pub(super) const MAX_CAUSE: usize = 4096;
/// The maximum timeout of a task in seconds.
pub(super) const MAX_TIMEOUT: u64 = 604_800;
/// The maximum number of events of an execution, which ends endless loops.
pub(super) const MAX_EVENTS: usize = 5000;
