//! While a step runs: lease, heartbeat, cancellation, deadline. One loop; the step is a task of its own, on
//! another thread where it may block.

use std::time::Duration;

use taskback_core::{Fingerprint, TaskToken};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::{Instant, sleep_until};

use crate::ledger::{Held, Hold, Ledger};
use crate::service::{Beat, Reporter};
use crate::{BoxFuture, Cancellation, Shutdown, StepEnd, StepError};

/// How a watched step ended.
pub(crate) enum End {
    /// By itself.
    Ended(Result<StepEnd, StepError>),
    /// By a panic, whose text is nobody's business.
    Panicked,
    /// It was told to stop, and this is what it said within the grace, if anything.
    Cancelled(Cancellation, Option<Result<StepEnd, StepError>>),
}

/// How the watch is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    /// The time between heartbeats.
    pub(crate) heartbeat: Duration,
    /// Whether one heartbeat before the step asks if the task is still open.
    pub(crate) heartbeat_first: bool,
    /// When the step must be over.
    pub(crate) until: Instant,
    /// When the lease ends that the claim gave.
    pub(crate) leased_until: Instant,
}

/// How long a step may take to stop once its workflow asked for it.
const GRACE: Duration = Duration::from_secs(5);

/// The longest lease; it ends with the step's time where that is nearer.
const LONGEST_LEASE: Duration = Duration::from_secs(60);

/// A lease for a step that must be over by `until`.
pub(crate) fn lease(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now()).clamp(Duration::from_secs(1), LONGEST_LEASE)
}

/// Everything that the loop watches over.
pub(crate) struct Watched<'a> {
    pub(crate) reporter: &'a dyn Reporter,
    pub(crate) ledger: &'a dyn Ledger,
    pub(crate) token: &'a TaskToken,
    pub(crate) key: &'a Fingerprint,
    /// Absent where the ledger was down and the settings say to go on without it.
    pub(crate) hold: Option<&'a Hold>,
    pub(crate) watch: Watch,
    pub(crate) cancel: watch::Sender<Option<Cancellation>>,
    pub(crate) progress: watch::Receiver<String>,
    pub(crate) shutdown: &'a Shutdown,
}

impl Watched<'_> {
    /// Runs `step` on `steps` and watches until it ended or was told to stop.
    pub(crate) async fn attend(
        &self,
        steps: &Handle,
        step: BoxFuture<'static, Result<StepEnd, StepError>>,
    ) -> End {
        if self.watch.heartbeat_first
            && let Some(reason) = self.beat().await
        {
            return End::Cancelled(reason, None);
        }
        if Instant::now() >= self.watch.until {
            return End::Cancelled(Cancellation::Deadline, None);
        }
        // A process may have stood still since its claim, and the task be another's by now.
        if self.hold.is_some() && Instant::now() >= self.watch.leased_until {
            return End::Cancelled(Cancellation::LeaseLost, None);
        }
        if self.shutdown.is_now() {
            return End::Cancelled(Cancellation::Shutdown, None);
        }
        let mut running = Running(steps.spawn(step));
        // On the same thread a step that ends at once needs none of the timers below: each is a system call.
        yield_now().await;
        let reason = tokio::select! {
            biased;
            end = &mut running.0 => return ended(end),
            () = sleep_until(self.watch.until) => Cancellation::Deadline,
            () = self.shutdown.asked_now() => Cancellation::Shutdown,
            reason = self.keep_lease() => reason,
            reason = self.keep_beating() => reason,
        };
        self.cancel.send_replace(Some(reason));
        let grace = match reason {
            Cancellation::Requested => GRACE,
            // Nobody waits for what it may still say; it gets its turn to see the cancellation.
            _ => Duration::ZERO,
        };
        let until = self.watch.until.min(Instant::now() + grace);
        let said = tokio::time::timeout_at(until, &mut running.0).await.ok().map(ended);
        match said {
            Some(End::Ended(end)) => End::Cancelled(reason, Some(end)),
            Some(End::Panicked) if reason == Cancellation::Requested => End::Panicked,
            _ => End::Cancelled(reason, None),
        }
    }

    /// Ends when the lease is lost: taken by another, or run out while the ledger was down.
    async fn keep_lease(&self) -> Cancellation {
        let Some(hold) = self.hold else { return std::future::pending().await };
        let mut ends = self.watch.leased_until;
        loop {
            let length = lease(self.watch.until);
            let left = ends.saturating_duration_since(Instant::now());
            sleep_until(Instant::now() + left.min(length / 3)).await;
            let asked = Instant::now();
            if asked >= ends {
                return Cancellation::LeaseLost;
            }
            match tokio::time::timeout_at(ends, self.ledger.renew(self.key, hold, length)).await {
                Ok(Ok(Held::Yes)) => ends = asked + length,
                Ok(Ok(Held::Lost)) => return Cancellation::LeaseLost,
                Ok(Err(error)) => tracing::warn!(task = %self.key, %error, "lease not renewed; trying again"),
                Err(_) => return Cancellation::LeaseLost,
            }
        }
    }

    /// Ends when a heartbeat says that the step should stop.
    async fn keep_beating(&self) -> Cancellation {
        loop {
            let jitter = 0.9 + 0.2 * fastrand::f64();
            sleep_until(Instant::now() + self.watch.heartbeat.mul_f64(jitter)).await;
            if let Some(reason) = self.beat().await {
                return reason;
            }
        }
    }

    async fn beat(&self) -> Option<Cancellation> {
        let progress = self.progress.borrow().clone();
        let beat = self.reporter.heartbeat(self.token, &progress);
        // A heartbeat that hangs is a skipped one: neither the next nor the deadline is to wait for it.
        let patience = self.watch.heartbeat.min(Duration::from_secs(5));
        let by = self.watch.until.min(Instant::now() + patience);
        let beat = tokio::time::timeout_at(by, beat).await;
        match beat.unwrap_or_else(|_| Beat::Skipped("no answer in time".into())) {
            Beat::Alive | Beat::Unsupported => None,
            Beat::CancelRequested => Some(Cancellation::Requested),
            Beat::Closed => Some(Cancellation::Closed),
            Beat::Skipped(why) => {
                tracing::warn!(task = %self.key, why, "heartbeat skipped");
                None
            }
        }
    }
}

fn ended(end: Result<Result<StepEnd, StepError>, tokio::task::JoinError>) -> End {
    match end {
        Ok(end) => End::Ended(end),
        Err(error) if error.is_panic() => End::Panicked,
        Err(_) => End::Cancelled(Cancellation::Shutdown, None),
    }
}

/// A step's task, which does not outlive the one who watches it.
struct Running(JoinHandle<Result<StepEnd, StepError>>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What the step and the one who watches it share.
pub(crate) struct Channels {
    pub(crate) cancel: watch::Sender<Option<Cancellation>>,
    pub(crate) cancelled: watch::Receiver<Option<Cancellation>>,
    pub(crate) say: watch::Sender<String>,
    pub(crate) said: watch::Receiver<String>,
}

impl Channels {
    pub(crate) fn new() -> Self {
        let (cancel, cancelled) = watch::channel(None);
        let (say, said) = watch::channel(String::new());
        Self { cancel, cancelled, say, said }
    }
}
