//! One binary for all tests of the client as its users see it.

// Helpers of tests are tests too; clippy's own exception knows only the test functions.
#![allow(clippy::unwrap_used)]

mod answers;
mod credentials;
mod golden;
mod limiter;
mod operations;
mod requests;
mod retries;
mod secrets;
mod server;
mod transport;
