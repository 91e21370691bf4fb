//! Tests of the command as a process.

// Clippy exempts only test functions, and helpers of tests may unwrap as well.
#![allow(clippy::unwrap_used)]

mod completions;
mod credentials;
mod dead_letters;
mod demo;
mod doctor;
mod documents;
mod examples;
mod flow;
mod invoke;
mod ledger;
mod local;
mod network;
mod run;
#[cfg(unix)]
mod runbooks;
mod sam;
mod serve;
mod start;
mod task;

#[path = "../../../../tests/it/process.rs"]
#[allow(dead_code, reason = "the library's tests use more of it")]
mod process;
#[path = "../../../../tests/it/peers/python.rs"]
#[allow(dead_code, reason = "the library's tests use more of it")]
mod python;
