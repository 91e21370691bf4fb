//! The shared types and rules of taskback: one form for what each service calls a token, a report and an answer.
//!
//! It holds all that needs nothing but its arguments: reading a [`RawTask`] out of a body ([`MessageFormat`]), the report
//! of an [`Outcome`] to each service within its limits ([`fnf`], [`swf`], [`sfn`], [`durable`]), the meaning of a
//! [`ServiceResponse`]
//! ([`judge_response`]), the waits between retries ([`RetryPolicy`]). The facts of each service stand in one
//! [`ServiceSpec`]. There is no I/O here, no clock, no environment, no randomness: those belong to the caller.

mod service;
mod spec;
mod token;
mod token_keys;

mod decode_error;
mod envelope;
mod execution;
mod fields;
mod hex;
mod members;
mod pointer;
mod raw_task;
mod repeated;
mod unwrap;

mod outcome;
mod redact;
mod text;

mod aws_json;
pub mod durable;
pub mod fnf;
pub mod sfn;
pub mod swf;

pub mod ledger;

mod judge;
mod receipt;
mod report_error;
mod response;
mod retry;

pub use decode_error::DecodeError;
pub use envelope::MessageFormat;
pub use execution::Execution;
pub use judge::judge_response;
pub use members::Members;
pub use outcome::{
    CANCELED, DEAD_LETTERED, Digest, INVALID_INPUT, NOT_QUEUED, OUTPUT_NOT_OBJECT, OUTPUT_REFUSED,
    OUTPUT_TOO_LARGE, Outcome, Output, STEP_FAILED, STEP_PANICKED,
};
pub use pointer::{Found, find};
pub use raw_task::RawTask;
pub use receipt::{ClosedBy, PriorAttempts, Receipt};
pub use redact::printable;
pub use repeated::without_repeated;
pub use report_error::{RejectedPart, ReportError, ReportErrorKind};
pub use response::ServiceResponse;
pub use retry::RetryPolicy;
pub use service::Service;
pub use spec::{OutputLimit, Refusal, Refusals, ServiceSpec};
pub use taskback_redact::MAX_RUN;
pub use token::{Fingerprint, TaskToken, TokenError};
pub use token_keys::TOKEN_KEYS;
pub use unwrap::unwrap_message;
