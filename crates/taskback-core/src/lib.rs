//! What FnF and SWF call a token, a report and an answer, made one. No I/O, no clock, no
//! environment, no randomness.

mod service;
mod token;

pub use service::Service;
pub use token::{Fingerprint, TaskToken, TokenError};
