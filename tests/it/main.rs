//! All integration tests, one binary.

mod adapter;
mod batch;
mod events;
mod support;
