//! Local workflow services on loopback, one port: FnF (RPC) and SWF (awsJson1.0), on their real
//! wires, with faults on demand. Everything lives in the memory of one [`Server`], which forgets no task
//! as long as it lives; any number of servers may run in one process.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use taskback_core::Service;
//! use taskback_local::{Config, Fault, FaultKind, OpenTask, Server};
//!
//! let server = Server::bind(Config::default()).await?;
//! let task = server.state().open(OpenTask::new(Service::Fnf))?;
//! server.state().inject(Fault::new("ReportTaskSucceeded", FaultKind::LostAck))?;
//! // Let a worker report to server.url(), signed with the access key of the Config …
//! let seen = server.state().task(&task.fingerprint);
//! # let _ = seen; Ok(()) }
//! ```
//!
//! # What it speaks
//! A request with `X-Amz-Target` is SWF's, one to `/` without it is FnF's.
//! - FnF: `ReportTaskSucceeded`, `ReportTaskFailed`. Signatures, time stamps (within 15 min) and
//!   nonces are checked; a security token is taken as it is.
//! - SWF: `PollForActivityTask`, `RespondActivityTaskCompleted`, `RespondActivityTaskFailed`,
//!   `RespondActivityTaskCanceled`, `RecordActivityTaskHeartbeat`, `GetWorkflowExecutionHistory`,
//!   `TerminateWorkflowExecution`, `RegisterDomain`. A SigV4 signature must be there; it is not
//!   checked.
//!
//! # `/_local`, for tests
//! | request | answer |
//! |---|---|
//! | `POST /_local/tasks` (a JSON object, see below) | 201, `taskToken`, `fingerprint`; for SWF also what a poll would tell |
//! | `GET /_local/tasks`, `GET /_local/tasks/{fingerprint}` | [`TaskView`]s in order of opening, or one; never a token |
//! | `POST /_local/tasks/{fingerprint}/cancel` | SWF: cancellation is requested; FnF, which has no such request: the task is closed as Canceled |
//! | `POST /_local/faults` `{"operation","kind","times"?,"fingerprint"?}` | 201; see [`Fault`] and [`FaultKind`] |
//! | `GET /_local/faults`, `DELETE /_local/faults` | the faults still to come; all forgotten |
//! | `GET /_local/health` | 200 |
//!
//! Fields of a task to open: `service` (`fnf` or `swf`), and where wanted `input` (any JSON),
//! `taskToken`, `timeoutSeconds`, `reopen`; for SWF also `heartbeatSeconds`, `domain`, `taskList`,
//! `workflowId`, `activityId`, `activityType`. [`OpenTask`] tells their limits. Errors are
//! `{"error": "<field>: <what is wrong>"}` with status 400, 404 or 409.

mod answer;
mod books;
mod call;
mod clock;
mod error;
mod faults;
mod fnf;
mod json;
mod local;
mod open;
mod request;
mod server;
mod state;
mod swf;
mod task;

pub use error::{Error, ErrorKind};
pub use faults::{Fault, FaultKind};
pub use open::{OpenTask, Opened};
pub use server::{Config, Server};
pub use state::State;
pub use task::{Activity, Attempt, Outcome, TaskState, TaskView};
