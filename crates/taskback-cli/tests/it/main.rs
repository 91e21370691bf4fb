//! The command as people run it.

// Helpers of tests are tests too; clippy's own exception knows only the test functions.
#![allow(clippy::unwrap_used)]

mod demo;
mod doctor;
mod flow;
mod invoke;
mod local;
mod run;
mod serve;

#[path = "../../../../tests/it/process.rs"]
#[allow(dead_code, reason = "the library's tests use more of it")]
mod process;
#[path = "../../../../tests/it/peers/python.rs"]
#[allow(dead_code, reason = "the library's tests use more of it")]
mod python;
