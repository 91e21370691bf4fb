//! All integration tests, one binary.

// Clippy's own exception for tests does not reach their helpers.
#![allow(clippy::unwrap_used)]

mod adapter;
mod batch;
mod boundaries;
mod conformance;
mod dead_letter;
#[cfg(feature = "dynamodb")]
mod dynamodb;
mod events;
mod history;
mod lambda;
mod ledger;
mod peers;
mod process;
mod proof;
mod properties;
mod queue;
mod secrets;
mod support;
mod wire;
