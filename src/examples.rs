//! The step that the shipped worker has on board, for the demo and a first deployment.

pub use crate::step::verify_card::{Card, Verified, verify_card};
