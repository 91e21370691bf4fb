//! One task, from its invocation of a handler to its result.

use std::pin::pin;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::time::{Instant, sleep_until};

use super::answer::Answer;
use super::child::Unusable;
use super::invocation::Invocation;
use super::pool::Reserved;
use crate::invocation::HostInvocation;
use crate::step::contract::{StepError, StepOutput};
use crate::step::task::{Cancellation, Task};
use crate::step::terminal_errors::TerminalErrors;

/// Runs a task. A process that is not certain to be done with it is killed, and so it is where this is dropped: neither
/// what it does later nor its answer can reach another task.
pub(super) async fn run(
    mut reserved: Reserved,
    task: &Task<Box<RawValue>>,
    host: HostInvocation,
    max_time: Option<Duration>,
    terminal: &TerminalErrors,
) -> Result<StepOutput, StepError> {
    let child = reserved.take().await?;
    let time = max_time.map_or(task.remaining(), |max| max.min(task.remaining()));
    let deadline = Instant::now() + time;
    let invocation = Invocation::from_task(task, time, host);
    let mut is_terminated = false;
    let ended = {
        let mut invoked = pin!(child.invoke(invocation));
        let mut requested = pin!(requested(task));
        loop {
            tokio::select! {
                biased;
                answer = &mut invoked => break answer,
                () = &mut requested, if !is_terminated => {
                    is_terminated = true;
                    child.terminate();
                }
                () = sleep_until(deadline) => {
                    let text = format!("the handler did not answer within {:.1} s", time.as_secs_f32());
                    return Err(StepError::retryable(text));
                }
            }
        }
    };
    let Some(answer) = ended else {
        return Err(StepError::retryable(format!("the handler {} before it answered", child.end().await)));
    };
    if answer.is_terminal(terminal)
        && let Err(reason) = child.ready_before(deadline).await
    {
        let how = match reason {
            Unusable::Ended => child.end().await,
            Unusable::Init(_) | Unusable::Silent => "did not go on".to_owned(),
        };
        return Err(StepError::retryable(uncertain(answer, &how)));
    }
    // One that was asked to end may do so at any time.
    if !is_terminated {
        reserved.give_back(child);
    }
    answer.judge(terminal)
}

/// A runtime that ends after a failure may have reported another task's: Node does so for what nothing caught.
fn uncertain(answer: Answer, how: &str) -> String {
    match answer {
        Answer::Failed(failure) => format!("{failure}; then the handler {how}"),
        Answer::Output(_) => format!("the handler {how}"),
    }
}

/// Waits for the workflow's request to cancel; every other reason just drops the step.
async fn requested<T>(task: &Task<T>) {
    if task.cancelled().await != Cancellation::Requested {
        std::future::pending().await
    }
}
