//! Run the step, hand the task back.
//!
//! A workflow service hands out a task token and waits. Taskback receives the message that carries the token, runs the
//! user's step, and reports one outcome to the service.
//!
//! A step runs at least once; at most one outcome is accepted, and it never changes; a message is acknowledged only after
//! a receipt.
//!
//! ```no_run
//! use serde::{Deserialize, Serialize};
//! use taskback::{StepError, Task};
//!
//! #[derive(Deserialize)]
//! struct Order {
//!     total: u64,
//! }
//!
//! #[derive(Serialize)]
//! struct Approved {
//!     total: u64,
//! }
//!
//! async fn approve(task: Task<Order>) -> Result<Approved, StepError> {
//!     if task.input.total > 1_000 {
//!         return Err(StepError::terminal("TooExpensive", "more than 1000"));
//!     }
//!     Ok(Approved { total: task.input.total })
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), taskback::Error> {
//!     taskback::run(approve).await
//! }
//! ```
//!
//! # The parts
//!
//! | to | use |
//! |---|---|
//! | serve a step as a function, on AWS Lambda or Function Compute | [`run`] |
//! | serve it from an SQS queue, as a process | `run_queue_worker` |
//! | report the tasks of messages that were delivered too often | [`run_dead_letters`] |
//! | write a step: an async function, or one with state | [`Task`], [`StepError`], [`StepOutput`], [`IntoStep`], [`Step`] |
//! | run one of several steps, a program, a Lambda handler, an endpoint, a flow | [`Router`], `CommandStep`, `HandlerStep`, `HttpStep`, `fnf_flow::StartFlow` |
//! | test a step | `testing` |
//! | put the parts together by hand | [`TaskbackBuilder`], [`Settings`], [`Clients`], [`Services`] |
//! | keep claims and outcomes elsewhere, report to another service | [`ledger::Ledger`], [`Reporter`] |
//! | look at a task's record, report or release a task by hand | [`ledger::LedgerRecords`], [`Taskback::report_by_hand`] |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `fnf` | yes | reports to FnF, and flows: `fnf_flow` |
//! | `swf` | yes | reports to SWF; with `sqs` its poller |
//! | `sfn` | yes | reports to Step Functions; with `sqs` the poller of its activities |
//! | `durable` | yes | reports to Lambda durable functions |
//! | `lambda` | yes | the host on AWS |
//! | `sqs` | yes | the queue worker, and delays of redelivered messages |
//! | `external-steps` | yes | steps that are programs, Lambda handlers or HTTP endpoints |
//! | `fc` | | the host on Alibaba Cloud, Function Compute |
//! | `dynamodb`, `mysql`, `postgres` | | ledgers that processes share |
//! | `sqlite` | | a ledger that the processes of one machine share |
//! | `secrets` | | FnF's credentials from AWS Secrets Manager |
//! | `testing` | | the test kit: `testing` |
//! | `aws` | | the base of `swf`, `sfn`, `durable`, `sqs`, `dynamodb` and `secrets`, which turn it on |
//!
//! The crate `taskback-core` has what the crates share and no signature here needs: the facts of each service, the names
//! of errors that workflows see, the rules of a ledger.
//!
//! The modules below are in reading order: the path of an event from [`run`] through trigger, batch and adapter to the
//! report.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod handler;
mod host;
mod taskback;

mod builder;
mod configure;
#[cfg(feature = "fnf")]
pub mod fnf_flow;
mod poller;

mod delivery;
mod response;
mod settlement;
mod trigger;

mod batch;

mod adapter;
mod budget;
mod dead_letter;
mod deadline;
pub mod ledger;
mod shutdown;
mod step;
mod supervisor;
mod task_labels;

#[cfg(feature = "sqs")]
mod redrive;
mod report;
mod retry;
mod service;
#[cfg(feature = "sqs")]
mod sqs;

pub mod aws;
mod defaults;
mod environment;
mod error;
pub mod examples;
mod future;
#[cfg(feature = "external-steps")]
mod invocation;
#[cfg(any(feature = "durable", feature = "fnf", feature = "sfn"))]
mod json_equality;
pub mod log;
mod metrics;
mod redact;
pub mod settings;
#[cfg(feature = "testing")]
pub mod testing;

pub use adapter::{ClosedTaskPolicy, HandReport, LedgerFailurePolicy};
pub use aws::Clients;
pub use builder::TaskbackBuilder;
pub use error::{Error, ErrorKind};
pub use future::BoxFuture;
pub use handler::Handler;
#[cfg(feature = "external-steps")]
pub use host::run_exec_wrapper;
#[cfg(feature = "fnf")]
pub use host::run_flow_control;
#[cfg(feature = "sqs")]
pub use host::{
    QueueWorker, QueueWorkerConfig, run_configured_queue_worker, run_dead_letter_queue_worker,
    run_queue_worker,
};
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
pub use host::{poll, run_poller};
pub use host::{run, run_configured, run_dead_letters};
#[cfg(all(feature = "sqs", any(feature = "sfn", feature = "swf")))]
pub use poller::Poller;
#[cfg(feature = "sqs")]
pub use redrive::{DeadLetter, DeadLetterQueue, LetterState};
pub use response::Response;
#[cfg(feature = "durable")]
pub use service::Durable;
#[cfg(feature = "fnf")]
pub use service::Fnf;
#[cfg(feature = "secrets")]
pub use service::FnfSecret;
#[cfg(feature = "sfn")]
pub use service::Sfn;
#[cfg(feature = "swf")]
pub use service::Swf;
pub use service::{
    ClosedByRequest, HeartbeatStatus, OutcomeWarning, Permit, ReportRequest, Reporter, Services,
};
pub use settings::{Settings, SettingsError};
pub use settlement::{Ack, Acked, NackReason, Settlement};
pub use shutdown::Shutdown;
#[cfg(feature = "sqs")]
pub use sqs::{Queue, longest_redelivery};
pub use step::{
    Cancellation, IntoStep, IntoStepOutput, RouteKey, Router, Routes, Step, StepConfig, StepError,
    StepOutput, Task, TerminalErrors, UnroutedPolicy,
};
#[cfg(feature = "external-steps")]
pub use step::{CommandLine, CommandStep, FunctionAnswer, FunctionProcess, HandlerStep, HttpStep, StepUrl};
pub use taskback::Taskback;
pub use taskback_core::{
    ClosedBy, DecodeError, Digest, Execution, Fingerprint, MessageFormat, Outcome, Output, RawTask, Receipt,
    RejectedPart, ReportErrorKind, RetryPolicy, Service, ServiceResponse, TaskToken, TokenError,
};
pub use trigger::{EventError, InvocationError, tasks};

/// The code of README and of the book, compiled and run.
#[cfg(all(doctest, feature = "testing"))]
mod documents {
    #[doc = include_str!("../README.md")]
    mod readme {}
    #[doc = include_str!("../docs/guides/steps.md")]
    mod steps {}
    #[doc = include_str!("../docs/guides/testing.md")]
    mod testing {}
    #[doc = include_str!("../docs/guides/heartbeats-and-cancellation.md")]
    mod heartbeats {}
    #[doc = include_str!("../docs/guides/queue-worker.md")]
    mod queue_worker {}
    #[doc = include_str!("../docs/guides/flows.md")]
    mod flows {}
}
