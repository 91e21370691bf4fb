//! Callbacks of AWS Lambda durable functions, and the histories of their executions.

pub(crate) mod api;
pub(crate) mod callback;
pub(crate) mod engine;
mod history;
mod limits;
mod operation;
mod refusal;
mod reports;
pub(crate) mod state;
