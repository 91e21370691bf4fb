//! AWS Step Functions: tasks with a token, and activities.

mod activities;
pub(crate) mod api;
pub(crate) mod engine;
mod execution;
mod history;
mod limits;
mod operation;
mod refusal;
mod reports;
pub(crate) mod state;
pub(crate) mod waiting_state;
