//! All integration tests, one binary.

// Clippy's own exception for tests does not reach their helpers.
#![allow(clippy::unwrap_used)]

mod adapter;
mod alarms;
mod batch;
mod boundaries;
mod conformance;
mod dead_letter;
#[cfg(feature = "dynamodb")]
mod dynamodb;
mod events;
#[cfg(feature = "fc")]
mod fc;
mod flow;
mod history;
mod lambda;
mod ledger;
mod liveness;
#[cfg(feature = "outside")]
mod outside;
mod peers;
mod poller;
mod process;
mod proof;
mod properties;
mod queue;
mod queue_worker;
mod release;
mod secrets;
mod support;
mod traps;
mod triggers;
mod wire;
