//! An SWF task, whose end is the execution's.

use std::pin::pin;
use std::time::Duration;

use aliyun_fnf::{DescribeExecution, ErrorKind, Execution, ExecutionStatus, StopExecution};
use futures_util::FutureExt;
use futures_util::future::FusedFuture;
use serde_json::value::{RawValue, to_raw_value};
use taskback_core::Output;
use tokio::time::{Instant, sleep_until, timeout};

use super::super::call::{redacted, with_retry, with_retry_held};
use super::super::execution::FailureReason;
use super::start::{Inner, end, failed};
use crate::step::{Cancellation, StepError, StepOutput, Task};

/// The time for a stop: less than a cancelled step has.
const STOP: Duration = Duration::from_secs(4);
/// The part of it for the answer to a start that is in flight.
const START: Duration = Duration::from_secs(1);

/// The longest pause between two queries where FnF does not hold them.
const PAUSE: Duration = Duration::from_secs(5);

impl Inner {
    /// Starts the execution and waits for its end, or stops it where the workflow asks for cancellation.
    pub(super) async fn wait(&self, task: &Task<Box<RawValue>>, name: &str) -> Result<StepOutput, StepError> {
        task.progress(format!("waits for execution {}/{name}", self.flow));
        let mut may_have_started = false;
        let mut start = pin!(self.start(task, self.start_of(task, name), &mut may_have_started).fuse());
        let end = async {
            (&mut start).await?;
            let ended = self.ended(task, name).await?;
            self.outcome(ended, name, end(task)).await
        };
        tokio::select! {
            end = end => end,
            reason = task.cancelled() => match reason {
                Cancellation::Requested => {
                    let deadline = Instant::now() + STOP;
                    // A start that is cut off may still be accepted, after the stop that finds nothing.
                    if !start.is_terminated() {
                        let _may_be_late = timeout(START, start).await;
                    }
                    self.stop(name, deadline).await
                }
                _ => Err(StepError::retryable("the execution goes on; it is found again by its name")),
            },
        }
    }

    /// Waits for the execution's end, as long as the step may.
    async fn ended(&self, task: &Task<Box<RawValue>>, name: &str) -> Result<Execution, StepError> {
        let (mut pause, mut gave_up) = (Duration::ZERO, false);
        loop {
            let (asked, hold) = (Instant::now(), hold(task.remaining()));
            let seconds = u32::try_from(hold.as_secs()).unwrap_or(u32::MAX);
            let describe = DescribeExecution::new(&self.flow, name).wait_seconds(seconds);
            let seen = with_retry_held(&self.retry, end(task), hold, || self.client.call(describe.clone()));
            let seen = seen.await.map_err(failed)?;
            if seen.status.is_final() {
                return Ok(seen);
            }
            // The step ends by itself and not by the deadline.
            if task.remaining() < Duration::from_secs(2) {
                if task.is_last_delivery() && !gave_up {
                    gave_up = true;
                    self.give_up(name, end(task)).await;
                    // It may have ended in the same moment: its end is the truth.
                    continue;
                }
                return Err(StepError::retryable("the execution is not over; it is found again by its name"));
            }
            // FnF answered before it had to: without a pause the queries would never rest.
            pause = if asked.elapsed() < hold {
                (pause + Duration::from_secs(1)).min(PAUSE)
            } else {
                Duration::ZERO
            };
            sleep_until((asked + pause).min(end(task) - Duration::from_secs(1))).await;
        }
    }

    async fn outcome(
        &self,
        ended: Execution,
        name: &str,
        deadline: Instant,
    ) -> Result<StepOutput, StepError> {
        if ended.status == ExecutionStatus::Succeeded {
            let text = ended.output.as_deref().unwrap_or_default();
            let raw = RawValue::from_string(text.to_owned()).or_else(|_| to_raw_value(text))?;
            return Ok(StepOutput::Succeeded(Output::from_raw(raw)));
        }
        let FailureReason { error, cause } =
            FailureReason::of_end(&self.client, &self.retry, (&self.flow, name), deadline)
                .await
                .map_err(failed)?;
        let error = error.unwrap_or_else(|| format!("Execution{}", ended.status.as_str()));
        Err(StepError::terminal(error, cause.unwrap_or_default()))
    }

    /// Stops an execution whose task is about to be reported as failed.
    async fn give_up(&self, name: &str, deadline: Instant) {
        let stop =
            StopExecution::new(&self.flow, name).error("TimedOut").cause("its SWF task has no time left");
        let deadline = deadline - Duration::from_millis(300);
        match with_retry(&self.retry, deadline, || self.client.call(stop.clone())).await {
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Completed) => {}
            Err(error) => {
                let reason = redacted(&error);
                tracing::error!(
                    event = "flow.not_stopped",
                    flow = self.flow,
                    execution = name,
                    reason,
                    "the task is reported as failed, and its execution goes on"
                );
            }
        }
    }

    /// Stops an execution whose task the workflow cancels.
    async fn stop(&self, name: &str, deadline: Instant) -> Result<StepOutput, StepError> {
        let stop = StopExecution::new(&self.flow, name).error("Canceled").cause("its SWF task was canceled");
        let canceled = |what: &str| Ok(StepOutput::Canceled { details: format!("execution {name} {what}") });
        match with_retry(&self.retry, deadline, || self.client.call(stop.clone())).await {
            Ok(_) => canceled("was stopped"),
            // The cancellation was faster than the start.
            Err(error) if error.kind() == ErrorKind::NotFound => canceled("was not started"),
            // It ended in the same moment: its end is the truth.
            Err(error) if error.kind() == ErrorKind::Completed => {
                let describe = DescribeExecution::new(&self.flow, name);
                let ended = with_retry(&self.retry, deadline, || self.client.call(describe.clone())).await;
                self.outcome(ended.map_err(failed)?, name, deadline).await
            }
            // The task ends as canceled all the same, and the log says that the child goes on.
            Err(error) => {
                let reason = redacted(&error);
                tracing::error!(
                    event = "flow.not_stopped",
                    flow = self.flow,
                    execution = name,
                    reason,
                    "the task is canceled, and its execution goes on"
                );
                Err(failed(error))
            }
        }
    }
}

/// The time for which FnF may hold a query, 1 to 60 s: a third of the time that remains, so that there is time for
/// another query where this one is never answered.
fn hold(remaining: Duration) -> Duration {
    Duration::from_secs((remaining / 3).as_secs().clamp(1, 60))
}
