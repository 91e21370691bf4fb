//! Step Functions' documented maximum lengths.

/// Bytes of UTF-8 of an input and an output.
pub(super) const MAX_DATA: usize = 262_144;
/// Characters of the error of a failure.
pub(super) const MAX_ERROR: usize = 256;
/// Characters of the cause of a failure.
pub(super) const MAX_CAUSE: usize = 32_768;
/// Characters of an ARN.
pub(super) const MAX_ARN: usize = 256;
/// Characters of the name of a state, and of a worker.
pub(super) const MAX_NAME: usize = 80;
/// Events of one page of a history.
pub(super) const MAX_PAGE: u64 = 1000;
