//! SQS: receiving, delays of redeliveries, and deletes.

mod delay;
pub(crate) mod delete;
mod queue;
mod redelivery;

pub use delay::longest_redelivery;
pub(crate) use delay::{DelayPolicy, Role, delay};
pub(crate) use queue::{PATIENCE as RECEIVE_PATIENCE, SqsQueue};
pub use redelivery::Queue;
