//! A test kit for steps and handlers: a service that fails as told and remembers what it took, and
//! builders of events. It needs no network; with tokio's paused clock it needs no time either.

mod events;
mod service;

pub use events::{Message, direct_event, sqs_event};
pub use service::{Fault, ScriptedService};
