//! Local workflow services on loopback, one port: FnF (RPC), SWF and Step Functions (awsJson1.0), on their real
//! wires, with faults on demand. All data is in the memory of one [`Server`], which holds every task
//! until it is dropped. Any number of servers may run in one process.
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
//! let view = server.state().task(&task.fingerprint);
//! # let _ = view; Ok(()) }
//! ```
//!
//! # Access control
//! Every request must name as its host loopback, the address of `listen` or one of [`Config::allow_hosts`], with any
//! port; no host or several are a 400, any other host is a 403. A request whose `Origin` is another host, or whose
//! `Sec-Fetch-Site` is `cross-site`, comes from a page of another site: 403. A POST to `/_local` without
//! `Content-Type: application/json`: 415.
//!
//! # Supported operations
//! A request to `/` with `X-Amz-Target` is for SWF or, by its beginning, for Step Functions; one without it for FnF. One to
//! `/2025-12-01/` is for durable functions.
//! - FnF: `ReportTaskSucceeded`, `ReportTaskFailed`, `CreateFlow`, `DescribeFlow`, `DeleteFlow`,
//!   `StartExecution`, `StopExecution`, `DescribeExecution` (with `WaitTimeSeconds`),
//!   `GetExecutionHistory`, `ListExecutions`. Signatures, time stamps (within 15 min) and nonces are
//!   checked; a security token is accepted unchecked.
//! - SWF: `PollForActivityTask`, `RespondActivityTaskCompleted`, `RespondActivityTaskFailed`,
//!   `RespondActivityTaskCanceled`, `RecordActivityTaskHeartbeat`, `GetWorkflowExecutionHistory`,
//!   `TerminateWorkflowExecution`, `RegisterDomain`.
//! - Step Functions: `SendTaskSuccess`, `SendTaskFailure`, `SendTaskHeartbeat`, `GetActivityTask`,
//!   `GetExecutionHistory` (in faults: `states:GetExecutionHistory`, for FnF has one too). There are no state
//!   machines: `/_local` opens their tasks, and aborts an execution.
//! - Lambda durable functions: `SendDurableExecutionCallbackSuccess`, `SendDurableExecutionCallbackFailure`,
//!   `SendDurableExecutionCallbackHeartbeat`, `GetDurableExecutionHistory`. There are no functions: `/_local` opens their
//!   callbacks, and stops an execution.
//!
//! The signatures (SigV4) of all AWS services are checked, with the access key of the [`Config`] and any region, within
//! 5 min; a session token is accepted unchecked.
//!
//! # Flows
//! A definition is CloudFlow's (`Type: StateMachine`, `SpecVersion: v1`), YAML or JSON, with the parts
//! below. Any other part is refused by name when the flow is created.
//! - `Pass`, `Succeed`, `Wait` (`Seconds`), `Fail` (`Code`, `Detail`), and `Task` with `TaskMode:
//!   WaitForCustomCallback` and `Timeout`; `InputConstructor` and `OutputConstructor` everywhere.
//! - A task's message goes to a queue of this server: `MNS:SendMessage` sends `message` to the queue
//!   at the end of `resourceArn`, `FC:InvokeFunction` sends its `body` to a queue with the function's
//!   name.
//! - The value of a key that ends in `.$` is an expression: `$Input`, `$Output` (in `OutputConstructor`),
//!   `$Context.Execution.{Name,Input,RoleArn}`, `$Context.Current.{Name,Input,Output}` and, in
//!   `Parameters`, `$Context.Current.TaskToken`; then members (`.name`) and items (`[0]`).
//!
//! FnF does not document the following, so a real account may differ:
//! - A task that is not reported in time ends its execution as TimedOut, with error
//!   `FnF.TaskTimeout`. An expression that finds nothing (`ExpressionFailed`), data that is not a JSON
//!   object (`DataNotObject`) or has more than 64 KiB (`DataTooLarge`), and more than 5000 events
//!   (`HistoryTooLong`) fail it. The detail of the history's last event has error and cause.
//! - `CallbackFnFTaskToken`: an execution that succeeds reports its output to the task; one that ends
//!   as Failed, TimedOut or Stopped reports error and cause, by default `ExecutionStopped` for a stop.
//!   An unknown token is ignored.
//! - The events of a state are StepEntered, those of its task, and StepExited or StepFailed. No event
//!   holds a task token. `ScheduleEventId` is that of TaskScheduled, and 0 outside of tasks.
//! - StartExecution responds with Starting, before the first state. DeleteFlow stops running executions.
//! - Lists are in the order of starting. `Qualifier` is LATEST or absent.
//!
//! # `/_local`, the HTTP API for tests
//! | request | response |
//! |---|---|
//! | `POST /_local/tasks` (a JSON object, see below) | 201, `taskToken`, `fingerprint`; for SWF also the members of a poll's response, for Step Functions and durable functions `execution` |
//! | `GET /_local/tasks`, `GET /_local/tasks/{fingerprint}` | [`TaskView`]s in the order of opening, or one; never a token |
//! | `POST /_local/tasks/{fingerprint}/cancel` | SWF: cancellation is requested; FnF, which has no such request: the task is closed as Canceled, and its flow stopped; Step Functions and durable functions, which have none either: the execution is aborted or stopped |
//! | `GET /_local/queues`, `GET /_local/queues/{name}` | the queues that flows send to, with their numbers of messages |
//! | `POST /_local/queues/{name}/receive` `{"max"?}` | `messages`: up to `max` (1 to 1000, by default 1) of `id` and `body`, removed from the queue |
//! | `POST /_local/faults` `{"operation","kind","times"?,"fingerprint"?}` | 201; see [`Fault`] and [`FaultKind`] |
//! | `GET /_local/faults`, `DELETE /_local/faults` | the pending faults; DELETE removes them all |
//! | `GET /_local/health` | 200 |
//!
//! Fields of a task to open: `service` (`fnf`, `swf`, `sfn` or `durable`), and optionally `input` (any JSON),
//! `taskToken`, `timeoutSeconds`, `reopen`; for SWF also `heartbeatSeconds`, `domain`, `taskList`,
//! `workflowId`, `activityId`, `activityType`; for Step Functions `heartbeatSeconds`, `activityArn`, `executionArn`,
//! `stateName`; for durable functions `heartbeatSeconds`, `executionArn`. [`OpenTask`] documents their limits. Errors are
//! `{"error": "<field>: <expected value>"}` with status 400, 404 or 409.

mod access;
mod admin;
mod aws_json;
mod call;
mod clock;
mod config;
mod context;
mod durable;
mod effect;
mod emulators;
mod engine;
mod error;
mod faults;
mod fnf;
mod json_fields;
mod lifecycle;
mod open;
mod operation;
mod queues;
mod request;
mod response;
mod server;
mod sfn;
mod shared;
mod sigv4;
mod state;
mod swf;
mod task;
mod tasks;
mod uuid;

pub use config::Config;
pub use durable::callback::Callback;
pub use error::{AdminError, AdminErrorKind};
pub use faults::{Fault, FaultKind};
pub use open::{OpenTask, OpenedTask};
pub use queues::Message;
pub use server::Server;
pub use sfn::waiting_state::WaitingState;
pub use shared::SharedState;
pub use swf::activity::Activity;
pub use task::{Attempt, ReportedOutcome, TaskState, TaskView};
