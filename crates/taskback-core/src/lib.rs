//! What FnF and SWF call a token, a report and an answer, made one.
//!
//! It owns the words and the decisions that need nothing but their arguments: reading a
//! [`Task`] out of a body ([`Reading`]), what tells an [`Outcome`] to each service within its limits
//! ([`fnf`], [`swf`]), what an [`Answer`] means ([`read`]), when to try again ([`RetryPolicy`]).
//! Its host owns everything else: there is no I/O here, no clock, no environment, no randomness.

mod service;
mod token;

mod envelope;
mod members;
mod task;
mod wrapper;

mod outcome;
mod text;

pub mod fnf;
pub mod swf;

mod answer;
mod receipt;
mod report_error;
mod retry;

pub use answer::{Answer, read};
pub use envelope::{Reading, Unreadable};
pub use members::TOKEN_KEYS;
pub use outcome::{
    CANCELED, DEAD_LETTERED, Digest, INVALID_INPUT, NOT_QUEUED, OUTPUT_REFUSED, OUTPUT_TOO_LARGE, Outcome,
    Output, STEP_FAILED, STEP_PANICKED,
};
pub use receipt::{Earlier, Ours, Receipt};
pub use report_error::{ErrorKind, Flaw, ReportError};
pub use retry::RetryPolicy;
pub use service::Service;
pub use task::{Execution, Task};
pub use token::{Fingerprint, TaskToken, TokenError};
pub use wrapper::unwrapped;
