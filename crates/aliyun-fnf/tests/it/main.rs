//! Tests of the public client, in one binary.

// Helpers of tests are tests too; clippy's own exception knows only the test functions.
#![allow(clippy::unwrap_used)]

mod answers;
mod credentials;
mod golden;
mod limiter;
mod operations;
mod refresh;
mod requests;
mod retries;
mod secrets;
mod server;
mod transport;
