use tokio::time::Instant;

use crate::faults::FaultKind;

/// The circumstances of one attempt to answer a call.
#[derive(Clone, Copy)]
pub(crate) struct CallContext {
    pub(crate) now: Instant,
    /// True if the time to wait is over, so that the call must be answered now.
    pub(crate) deadline_passed: bool,
    /// The fault injected into the call.
    pub(crate) fault: Option<FaultKind>,
}
