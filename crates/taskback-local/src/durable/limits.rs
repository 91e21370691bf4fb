//! The documented maximum sizes, in bytes.

/// A result, and all fields of an error together: the limit of the API's pages. The newest model has 1,048,576.
pub(super) const MAX_DATA: usize = 262_144;
/// The input of a task, as that of an asynchronous invocation.
pub(super) const MAX_INPUT: usize = 1024 * 1024;
