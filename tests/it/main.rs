//! All integration tests, one binary.

// Clippy's exception for tests does not cover their helpers.
#![allow(clippy::unwrap_used)]

mod adapter;
mod alarms;
mod batch;
mod book;
mod boundaries;
mod conformance;
mod dead_letter;
#[cfg(feature = "dynamodb")]
mod dynamodb;
mod edges;
mod events;
mod examples;
#[cfg(feature = "external-steps")]
mod external;
#[cfg(feature = "fc")]
mod fc;
mod flow;
mod fnf_codes;
mod fuzzed;
mod history;
mod lambda;
mod lease;
mod ledger;
mod liveness;
mod log_fields;
#[cfg(all(unix, feature = "external-steps"))]
mod log_reader;
mod metrics;
mod peers;
mod poller;
mod process;
mod proof;
mod properties;
mod queue;
mod queue_worker;
mod raw_json;
mod release;
mod route;
mod secrets;
mod shutdown;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod sql;
mod start;
#[cfg(any(feature = "dynamodb", feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod storm;
mod support;
mod traps;
mod triggers;
mod wire;
