//! The command as people run it.

// Helpers of tests are tests too; clippy's own exception knows only the test functions.
#![allow(clippy::unwrap_used)]

mod demo;
mod invoke;
mod local;
mod run;
