//! A test kit for steps and handlers: a service that fails on demand and records the reports, and
//! builders of events. It needs no network; with tokio's paused clock no test has to wait.
//!
//! ```
//! use std::time::Duration;
//!
//! use taskback::testing::{Fault, Message, Reported, ScriptedService, sqs_event};
//! use taskback::{Service, Services, StepError, Task, TaskToken, Taskback};
//!
//! async fn double(task: Task<u32>) -> Result<u32, StepError> {
//!     Ok(task.input * 2)
//! }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let swf = ScriptedService::new(Service::Swf);
//! swf.fail_with([Fault::Throttled, Fault::LostAnswer]);
//! let services = Services::default().with(swf.clone());
//! let taskback = Taskback::builder().step(double).services(services).build()?;
//!
//! let body = r#"{"service": "swf", "taskToken": "the-token", "input": 21}"#;
//! let event = sqs_event(&[Message::new("m1", body), Message::new("m2", "not a task")]);
//! let response = taskback.handle(&event, Duration::from_secs(30)).await?;
//!
//! assert_eq!(response.batch_item_failures(), ["m2"]);
//! let token = TaskToken::new(Service::Swf, "the-token")?;
//! assert_eq!(swf.reported(&token), [Reported::succeeded(42)]);
//! assert_eq!(swf.attempts(&token), 3);
//! # Ok(()) }
//! ```

mod events;
mod reported;
mod service;

pub use events::{Message, direct_event, sqs_event};
pub use reported::Reported;
pub use service::{Fault, ScriptedService};
