//! Callbacks of AWS Lambda durable functions.

pub(crate) mod api;
pub(crate) mod engine;
mod limits;
mod operation;
mod refusal;
mod reports;
