//! An SWF task, whose end is the execution's.

use std::pin::pin;
use std::time::Duration;

use aliyun_fnf::{DescribeExecution, ErrorKind, Execution, ExecutionStatus, StopExecution};
use futures_util::FutureExt;
use futures_util::future::FusedFuture;
use serde_json::value::{RawValue, to_raw_value};
use taskback_core::Output;
use tokio::time::{Instant, timeout};

use super::super::Reason;
use super::super::call::{again, said};
use super::{Parts, end, failed};
use crate::{Cancellation, StepEnd, StepError, Task};

/// How long a stop may take: less than a cancelled step has.
const STOP: Duration = Duration::from_secs(4);
/// How much of it is for the answer to a start that is under way.
const START: Duration = Duration::from_secs(1);

impl Parts {
    /// Starts the execution and waits for its end, or stops it where the workflow wants no more.
    pub(super) async fn wait(&self, task: &Task<Box<RawValue>>, name: &str) -> Result<StepEnd, StepError> {
        task.progress(format!("waits for execution {}/{name}", self.flow));
        let mut start = pin!(self.start(task, self.start_of(task, name)).fuse());
        let end = async {
            (&mut start).await?;
            let ended = self.ended(task, name).await?;
            self.tell(ended, name, end(task)).await
        };
        tokio::select! {
            end = end => end,
            reason = task.cancelled() => match reason {
                Cancellation::Requested => {
                    let until = Instant::now() + STOP;
                    // A start that is cut off may still be taken, after the stop that finds nothing.
                    if !start.is_terminated() {
                        drop(timeout(START, start).await);
                    }
                    self.stop(name, until).await
                }
                _ => Err(StepError::retryable("the execution goes on; it is found again by its name")),
            },
        }
    }

    /// Waits for the execution's end, as long as the step may.
    async fn ended(&self, task: &Task<Box<RawValue>>, name: &str) -> Result<Execution, StepError> {
        loop {
            // A long poll is answered in time, so that the step ends by itself and not by the deadline.
            let left = task.remaining().saturating_sub(Duration::from_secs(1)).as_secs();
            let wait = u32::try_from(left).unwrap_or(u32::MAX).min(60);
            let describe = DescribeExecution::new(&self.flow, name).wait_seconds(wait);
            let seen =
                again(&self.retry, end(task), || self.client.call(describe.clone())).await.map_err(failed)?;
            if seen.status.is_final() {
                return Ok(seen);
            }
            if wait < 60 && task.remaining() < Duration::from_secs(2) {
                return Err(StepError::retryable("the execution is not over; it is found again by its name"));
            }
        }
    }

    async fn tell(&self, ended: Execution, name: &str, until: Instant) -> Result<StepEnd, StepError> {
        if ended.status == ExecutionStatus::Succeeded {
            let text = ended.output.as_deref().unwrap_or_default();
            let raw = RawValue::from_string(text.to_owned()).or_else(|_| to_raw_value(text))?;
            return Ok(StepEnd::Succeeded(Output::from_raw(raw)));
        }
        let Reason { error, cause } =
            Reason::of_end(&self.client, &self.retry, (&self.flow, name), until).await.map_err(failed)?;
        let error = error.unwrap_or_else(|| format!("Execution{}", ended.status.as_str()));
        Err(StepError::terminal(error, cause.unwrap_or_default()))
    }

    /// The workflow wants no more: neither does the execution go on.
    async fn stop(&self, name: &str, until: Instant) -> Result<StepEnd, StepError> {
        let stop = StopExecution::new(&self.flow, name).error("Canceled").cause("its SWF task was canceled");
        let canceled = |what: &str| Ok(StepEnd::Canceled { details: format!("execution {name} {what}") });
        match again(&self.retry, until, || self.client.call(stop.clone())).await {
            Ok(_) => canceled("was stopped"),
            // The cancellation was faster than the start.
            Err(error) if error.kind() == ErrorKind::NotFound => canceled("was not started"),
            // It ended in the same moment: its end is the truth.
            Err(error) if error.kind() == ErrorKind::Completed => {
                let describe = DescribeExecution::new(&self.flow, name);
                let ended = again(&self.retry, until, || self.client.call(describe.clone())).await;
                self.tell(ended.map_err(failed)?, name, until).await
            }
            // The workflow is told "canceled" all the same: somebody must know that the child goes on.
            Err(error) => {
                let why = said(&error);
                tracing::error!(
                    flow = self.flow,
                    execution = name,
                    why,
                    "canceled, and its execution not stopped"
                );
                Err(failed(error))
            }
        }
    }
}
