//! Amazon Simple Workflow Service (SWF).

mod activities;
pub(crate) mod activity;
pub(crate) mod api;
pub(crate) mod engine;
mod execution;
mod limits;
mod operation;
mod refusal;
pub(crate) mod state;
mod workflows;
