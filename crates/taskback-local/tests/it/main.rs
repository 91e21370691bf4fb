//! The local services as their clients see them: over the wire, byte for byte.

// Clippy's own exception for tests does not reach their helpers.
#![allow(clippy::unwrap_used)]

mod access;
mod aws;
mod client;
mod durable;
mod faults;
mod flow;
mod fnf;
mod hostile;
mod local;
mod log;
mod server;
mod sfn;
mod swf;
