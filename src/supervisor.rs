//! The supervision of a task from its claim to its receipt: lease, heartbeats, cancellation, deadline.
//!
//! The step is a tokio task of its own, on another thread where it may block. No single call made
//! here may take the time of what it protects: each has a timeout of its own and is repeated.

mod lease;
mod running;

use std::convert::Infallible;
use std::fmt::Display;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use taskback_core::ledger::WriteResult;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};
use tracing::Instrument;

use crate::budget::Budget;
use crate::deadline::before;
use crate::future::BoxFuture;
use crate::ledger::Ledger;
use crate::metrics::{Metrics, Time};
use crate::service::{HeartbeatStatus, Reporter};
use crate::shutdown::Shutdown;
use crate::step::{Cancellation, StepError, StepOutput};
use crate::task_labels::{TaskLabels, log_task};

use running::{Ended, RENEWAL_PATIENCE};

pub(crate) use lease::{HeldLease, lease_length};
pub(crate) use running::{Running, keep_while_running};

/// The exit of a step.
pub(crate) enum StepExit {
    /// By itself.
    Ended(Result<StepOutput, StepError>),
    /// By a panic, whose text may hold anything and is dropped.
    Panicked,
    /// It was cancelled; within its grace it may still have ended.
    Cancelled(Cancellation, Option<Result<StepOutput, StepError>>),
    /// It was cancelled and does not stop: its code blocks its thread.
    Lingers(Cancellation, Running),
}

/// The time to stop for a step whose workflow asked for cancellation.
const GRACE: Duration = Duration::from_secs(5);

/// The time to stop for a step that awaits and is aborted.
const ABORT: Duration = Duration::from_millis(100);

/// The timeout of one heartbeat.
const HEARTBEAT_PATIENCE: Duration = Duration::from_secs(5);

/// The longest reason of a failed heartbeat in a log line.
const REASON_CHARS: usize = 500;

/// A task under supervision, and the means.
pub(crate) struct Supervisor<'a> {
    pub(crate) reporter: &'a dyn Reporter,
    pub(crate) ledger: &'a dyn Ledger,
    pub(crate) labels: &'a TaskLabels<'a>,
    /// Absent where the step runs without the ledger, or its outcome was decided before.
    pub(crate) lease: Option<&'a HeldLease>,
    pub(crate) heartbeats: Heartbeats,
    pub(crate) budget: &'a Budget,
    pub(crate) shutdown: &'a Shutdown,
    pub(crate) metrics: &'a Metrics,
    pub(crate) cancel: watch::Sender<Option<Cancellation>>,
    pub(crate) progress: watch::Sender<String>,
    /// The party that may hold the token by now.
    pub(crate) delegation: watch::Sender<Option<String>>,
}

/// The schedule of heartbeats.
pub(crate) struct Heartbeats {
    interval: Duration,
    /// True where one before the step checks that the task is still open.
    first: bool,
    /// Outlives the step: the task's clock goes on while its outcome is decided and reported.
    next: Mutex<Instant>,
}

impl Heartbeats {
    pub(crate) fn new(interval: Duration, first: bool) -> Self {
        let heartbeats = Self { interval, first, next: Mutex::new(Instant::now()) };
        heartbeats.schedule_next();
        heartbeats
    }

    fn next(&self) -> Instant {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn schedule_next(&self) {
        let jitter = 0.9 + 0.2 * fastrand::f64();
        let next = Instant::now() + self.interval.mul_f64(jitter);
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = next;
    }
}

impl Supervisor<'_> {
    /// Runs `step` on `steps` until it ended or was cancelled. Only a step that started has a time in the metrics.
    pub(crate) async fn run(
        &self,
        steps: &Handle,
        step: BoxFuture<'static, Result<StepOutput, StepError>>,
    ) -> StepExit {
        if let Some(reason) = self.reason_not_to_start().await {
            return StepExit::Cancelled(reason, None);
        }
        let start = self.metrics.start();
        let exit = self.supervise(Running(steps.spawn(step.in_current_span()))).await;
        self.metrics.stop(self.labels.service(), Time::Step, start);
        exit
    }

    /// Sends the first heartbeat, where the settings ask for one, and checks what it and the claim left of the time.
    async fn reason_not_to_start(&self) -> Option<Cancellation> {
        if self.heartbeats.first {
            // A quarter of the time for the step at most: a heartbeat that hangs must not take all of it.
            let remaining = self.budget.step_deadline().saturating_duration_since(Instant::now());
            let answer = self.heartbeat(HEARTBEAT_PATIENCE.min(remaining / 4)).await;
            if let Some(reason) = cancellation(&answer) {
                return Some(reason);
            }
        }
        if self.lease.is_some_and(HeldLease::is_over) {
            return Some(Cancellation::LeaseLost);
        }
        if self.shutdown.is_now() {
            return Some(Cancellation::Shutdown);
        }
        if Instant::now() >= self.budget.step_deadline() {
            return Some(Cancellation::Deadline);
        }
        None
    }

    /// Waits until the step ended, or cancels it.
    async fn supervise(&self, mut running: Running) -> StepExit {
        // On the same thread a step that ends at once needs none of the timers below: each is a system call.
        yield_now().await;
        let step_deadline = self.budget.step_deadline();
        let reason = tokio::select! {
            biased;
            ended = &mut running.0 => return exit(ended),
            () = sleep_until(step_deadline) => Cancellation::Deadline,
            () = self.shutdown.asked_now() => Cancellation::Shutdown,
            () = self.keep_lease() => Cancellation::LeaseLost,
            reason = self.send_heartbeats() => reason,
        };
        self.cancel.send_replace(Some(reason));
        let grace = match reason {
            Cancellation::Requested => GRACE,
            // Its output is not awaited; it gets its turn to see the cancellation.
            _ => Duration::ZERO,
        };
        let deadline = step_deadline.min(Instant::now() + grace);
        let ended = tokio::time::timeout_at(deadline, &mut running.0).await.ok().map(exit);
        match ended {
            Some(StepExit::Ended(ended)) => StepExit::Cancelled(reason, Some(ended)),
            Some(StepExit::Panicked) if reason == Cancellation::Requested => StepExit::Panicked,
            Some(_) => StepExit::Cancelled(reason, None),
            None if self.abort(&mut running).await => StepExit::Cancelled(reason, None),
            None => StepExit::Lingers(reason, running),
        }
    }

    /// Aborts the step; returns whether it stopped.
    async fn abort(&self, running: &mut Running) -> bool {
        running.0.abort();
        let remaining = self.budget.report_deadline().saturating_duration_since(Instant::now());
        before(Instant::now() + ABORT.min(remaining / 4), &mut running.0).await.is_some()
    }

    /// Runs `finish`, which decides and reports the outcome. Heartbeats go on until it ends, and
    /// their answers change nothing: the answer to the report alone counts from now on. So do the
    /// renewals of the lease until the outcome is recorded.
    pub(crate) async fn accompany<T>(&self, finish: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            finished = finish => finished,
            never = async { tokio::join!(self.keep_lease(), self.send_heartbeats_only()) } => match never.1 {},
        }
    }

    /// Ends when the lease is lost: taken by another owner, or run out while the ledger did not answer.
    async fn keep_lease(&self) {
        let Some(lease) = self.lease else { return std::future::pending().await };
        let deadline = self.budget.report_deadline();
        loop {
            let ends = lease.ends();
            if lease.is_recorded() || ends >= deadline {
                return std::future::pending().await;
            }
            let length = lease_length(deadline, lease.max());
            sleep_until(ends.checked_sub(length * 2 / 3).unwrap_or(ends)).await;
            let start = Instant::now();
            if lease.is_over() {
                return;
            }
            let renewal = self.ledger.renew(&self.labels.key, lease.lease(), length);
            match before(ends.min(start + RENEWAL_PATIENCE.min(length / 6)), renewal).await {
                Some(Ok(WriteResult::Applied)) => {
                    lease.renewed(start + length);
                    continue;
                }
                // A decision that was recorded meanwhile ends the lease as well, and is no loss.
                Some(Ok(WriteResult::Superseded)) => {
                    lease.lose();
                    return;
                }
                Some(Err(error)) => self.renewal_failed(&error),
                None => self.renewal_failed(&"no answer in time"),
            }
            sleep_until(Instant::now() + length / 30).await;
        }
    }

    fn renewal_failed(&self, error: &dyn Display) {
        log_task!(warn, self.labels, "lease.not_renewed", %error,
            "failed to renew lease; retrying"
        );
    }

    /// Ends when a heartbeat says that the step should stop.
    async fn send_heartbeats(&self) -> Cancellation {
        loop {
            sleep_until(self.heartbeats.next()).await;
            match self.heartbeat(HEARTBEAT_PATIENCE).await {
                // Every other one would have the same answer.
                HeartbeatStatus::Unsupported => std::future::pending().await,
                answer => {
                    if let Some(reason) = cancellation(&answer) {
                        return reason;
                    }
                }
            }
        }
    }

    /// Sends heartbeats whose answers change nothing: whether the task is closed is for the answer to the report.
    async fn send_heartbeats_only(&self) -> Infallible {
        loop {
            let _ignored: Cancellation = self.send_heartbeats().await;
        }
    }

    /// Sends one heartbeat. One that hangs counts as skipped: neither the next nor the deadline waits for it.
    async fn heartbeat(&self, max_patience: Duration) -> HeartbeatStatus {
        self.heartbeats.schedule_next();
        let progress = self.labels.task.token.redact_text(&self.progress.borrow());
        let patience = max_patience.min(self.heartbeats.interval / 2);
        let sent = self.reporter.heartbeat(&self.labels.task.token, &progress);
        let answer = before(Instant::now() + patience, sent).await;
        let answer = answer.unwrap_or_else(|| HeartbeatStatus::Failed("no answer in time".into()));
        if let HeartbeatStatus::Failed(reason) = &answer {
            let reason = self.labels.task.token.redact_line(reason, REASON_CHARS);
            log_task!(warn, self.labels, "heartbeat.skipped", reason, "heartbeat skipped");
        }
        answer
    }
}

fn cancellation(answer: &HeartbeatStatus) -> Option<Cancellation> {
    match answer {
        HeartbeatStatus::Continue | HeartbeatStatus::Unsupported | HeartbeatStatus::Failed(_) => None,
        HeartbeatStatus::CancelRequested => Some(Cancellation::Requested),
        HeartbeatStatus::Closed => Some(Cancellation::Closed),
    }
}

fn exit(ended: Ended) -> StepExit {
    match ended {
        Ok(ended) => StepExit::Ended(ended),
        Err(error) if error.is_panic() => StepExit::Panicked,
        Err(_) => StepExit::Cancelled(Cancellation::Shutdown, None),
    }
}
