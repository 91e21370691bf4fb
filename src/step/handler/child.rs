//! One process of a handler, with the Runtime API that it alone sees.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use rustix::process::Signal;
use tokio::time::{Instant, sleep_until, timeout};

use super::answer::{Answer, Failure};
use super::exchange::Exchange;
use super::invocation::Invocation;
use super::outer::Outer;
use super::server::Server;
use super::stage2::{OWN_API, RUNTIME_API};
use crate::step::command::CommandLine;
use crate::step::command::group::Group;

/// A process with all that it started. It is killed when this is dropped.
pub(super) struct Child {
    group: Group,
    exchange: Arc<Exchange>,
    _server: Server,
    /// The time by which it should ask for an invocation. Absent from its answer until it is needed again: its host may
    /// freeze it in between.
    patience: Option<Instant>,
}

/// How children are started.
#[derive(Clone)]
pub(super) struct Start {
    pub(super) line: CommandLine,
    /// Variables beside this process's own; an empty value removes one.
    pub(super) vars: Vec<(OsString, OsString)>,
    /// The Runtime API of this process, where it has one.
    pub(super) outer: Option<Outer>,
    /// True where the command is the second stage of the layer.
    pub(super) is_stage2: bool,
}

/// The reason why a child takes no invocation.
#[derive(Debug)]
pub(super) enum Unusable {
    /// It reported that it cannot start.
    Init(Failure),
    Ended,
    /// It does not ask.
    Silent,
}

/// The time to start as a part of this process's own start, which its host limits: Lambda to 10 s, and to 15 min where
/// functions are provisioned.
const START: Duration = Duration::from_secs(900);

/// The time to start anew.
const RESTART: Duration = Duration::from_secs(60);

/// The time to ask for the next invocation once there is one; what wraps a handler may have work behind its answer.
const AGAIN: Duration = Duration::from_secs(5);

/// The time for a process that was about to end by itself.
const END: Duration = Duration::from_millis(100);

impl Child {
    /// Starts the command with a Runtime API of its own, which listens before it does. The call blocks for as long as a
    /// process takes to be made; it is made by this thread, which must outlive it where the child watches its parent.
    ///
    /// `in_init` = as a part of this process's own start: an error is then the function's.
    pub(super) fn start(start: &Start, in_init: bool) -> io::Result<Self> {
        let Start { line, vars, outer, is_stage2 } = start;
        let exchange = Arc::new(Exchange::new());
        let outer = outer.clone().map(|outer| outer.with_init_errors(in_init && *is_stage2));
        let server = Server::start(Arc::clone(&exchange), outer)?;
        let mut command = Command::new(&line.program);
        command.args(&line.arguments).stdin(Stdio::null());
        // Stdout is for this process's own lines.
        command.stdout(io::stderr().as_fd().try_clone_to_owned()?);
        for (name, value) in vars {
            if value.is_empty() {
                command.env_remove(name)
            } else {
                command.env(name, value)
            };
        }
        command.env(RUNTIME_API, server.address.to_string());
        if *is_stage2 {
            command.env(OWN_API, server.address.to_string());
        }
        if !in_init {
            // It is not restored from the snapshot that the first one was in.
            command.env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
        }
        // A wrapper wraps once, and there is one invocation at a time.
        command.env_remove("AWS_LAMBDA_EXEC_WRAPPER").env_remove("AWS_LAMBDA_MAX_CONCURRENCY");
        let group = Group::spawn(&mut command)?;
        Ok(Self {
            group,
            exchange,
            _server: server,
            patience: Some(Instant::now() + if in_init { START } else { RESTART }),
        })
    }

    /// Returns whether it waits for an invocation now.
    pub(super) fn is_ready(&self) -> bool {
        self.exchange.is_asking()
    }

    /// Waits until it asks for an invocation, for a time that depends on what it did last.
    pub(super) async fn ready(&mut self) -> Result<(), Unusable> {
        let deadline = *self.patience.get_or_insert_with(|| Instant::now() + AGAIN);
        self.ready_before(deadline).await
    }

    /// Waits until it asks for an invocation, at most until `deadline`.
    pub(super) async fn ready_before(&self, deadline: Instant) -> Result<(), Unusable> {
        tokio::select! {
            biased;
            asked = self.exchange.asked() => asked.map_err(Unusable::Init),
            _ = self.group.ended() => Err(Unusable::Ended),
            () = sleep_until(deadline) => Err(Unusable::Silent),
        }
    }

    /// Returns whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.group.ended().now_or_never().is_some()
    }

    /// Hands it an invocation and waits for the answer; `None` = it ended without one.
    pub(super) async fn invoke(&self, invocation: Invocation) -> Option<Answer> {
        self.exchange.offer(invocation);
        tokio::select! {
            biased;
            answer = self.exchange.answered() => Some(answer),
            _ = self.group.ended() => None,
        }
    }

    /// Notes that it has answered, and will ask for the next invocation.
    pub(super) fn rest(&mut self) {
        self.patience = None;
    }

    /// Asks it, and what it started, to end.
    pub(super) fn terminate(&self) {
        self.group.signal(Signal::TERM);
    }

    /// Kills it, and returns how it had ended where it had by itself.
    pub(super) async fn end(self) -> String {
        // It may just be about to.
        if timeout(END, self.group.ended()).await.is_err() {
            return "was killed".to_owned();
        }
        match self.group.finish() {
            Ok(status) => match (status.code(), status.signal()) {
                (Some(code), _) => format!("ended with exit code {code}"),
                (None, signal) => format!("was ended by signal {}", signal.unwrap_or_default()),
            },
            Err(error) => format!("ended: {error}"),
        }
    }
}
