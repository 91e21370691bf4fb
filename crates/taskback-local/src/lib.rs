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
//! - FnF: `ReportTaskSucceeded`, `ReportTaskFailed`, `CreateFlow`, `DescribeFlow`, `DeleteFlow`,
//!   `StartExecution`, `StopExecution`, `DescribeExecution` (with `WaitTimeSeconds`),
//!   `GetExecutionHistory`, `ListExecutions`. Signatures, time stamps (within 15 min) and nonces are
//!   checked; a security token is taken as it is.
//! - SWF: `PollForActivityTask`, `RespondActivityTaskCompleted`, `RespondActivityTaskFailed`,
//!   `RespondActivityTaskCanceled`, `RecordActivityTaskHeartbeat`, `GetWorkflowExecutionHistory`,
//!   `TerminateWorkflowExecution`, `RegisterDomain`. A SigV4 signature must be there; it is not
//!   checked.
//!
//! # Flows
//! A definition is CloudFlow's (`Type: StateMachine`, `SpecVersion: v1`), YAML or JSON, of these parts;
//! any other is refused by name when the flow is created.
//! - `Pass`, `Succeed`, `Wait` (`Seconds`), `Fail` (`Code`, `Detail`), and `Task` with `TaskMode:
//!   WaitForCustomCallback` and `Timeout`; `InputConstructor` and `OutputConstructor` everywhere.
//! - A task's message goes to a queue of this server: `MNS:SendMessage` sends `message` to the queue
//!   that `resourceArn` ends with, `FC:InvokeFunction` its `body` to a queue of the function's name.
//! - A key that ends in `.$` has an expression: `$Input`, `$Output` (in `OutputConstructor`),
//!   `$Context.Execution.{Name,Input,RoleArn}`, `$Context.Current.{Name,Input,Output}` and, in
//!   `Parameters`, `$Context.Current.TaskToken`; then members (`.name`) and items (`[0]`).
//!
//! What FnF does not document is decided here so, and a real account may differ:
//! - A task that is not reported in time ends its execution as TimedOut, with error
//!   `FnF.TaskTimeout`. An expression that finds nothing (`ExpressionFailed`), data that is no JSON
//!   object (`DataNotObject`) or has more than 64 KiB (`DataTooLarge`), and more than 5000 events
//!   (`HistoryTooLong`) fail it. Error and cause stand in the detail of the history's last event.
//! - `CallbackFnFTaskToken`: Succeeded tells the task its output; Failed, TimedOut and Stopped tell it
//!   error and cause, a stop without an error `ExecutionStopped`. A token of no task is ignored.
//! - A state's events are StepEntered, those of its task, and StepExited or StepFailed. No event
//!   holds a task token. `ScheduleEventId` is that of TaskScheduled, and 0 outside of tasks.
//! - StartExecution answers Starting, before the first state. DeleteFlow stops what runs.
//! - Lists are in the order of starting. `Qualifier` is LATEST or none.
//!
//! # `/_local`, for tests
//! | request | answer |
//! |---|---|
//! | `POST /_local/tasks` (a JSON object, see below) | 201, `taskToken`, `fingerprint`; for SWF also what a poll would tell |
//! | `GET /_local/tasks`, `GET /_local/tasks/{fingerprint}` | [`TaskView`]s in order of opening, or one; never a token |
//! | `POST /_local/tasks/{fingerprint}/cancel` | SWF: cancellation is requested; FnF, which has no such request: the task is closed as Canceled, and its flow stopped |
//! | `GET /_local/queues`, `GET /_local/queues/{name}` | the queues that flows send to, and how many messages each has |
//! | `POST /_local/queues/{name}/receive` `{"max"?}` | `messages`: up to `max` (1 to 1000, by default 1) of `id` and `body`, taken out for good |
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
mod queues;
mod request;
mod server;
mod state;
mod swf;
mod task;

pub use error::{Error, ErrorKind};
pub use faults::{Fault, FaultKind};
pub use open::{OpenTask, Opened};
pub use queues::Message;
pub use server::{Config, Server};
pub use state::State;
pub use task::{Activity, Attempt, Outcome, TaskState, TaskView};
