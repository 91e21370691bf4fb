use taskback_core::{CANCELED, Outcome, STEP_FAILED, STEP_PANICKED};

use crate::settlement::NackReason;
use crate::step::{Cancellation, StepError, StepOutput};
use crate::supervisor::StepExit;
use crate::task_labels::{TaskLabels, log_task};

/// The action that follows from a step's exit.
#[derive(Debug, PartialEq)]
pub(super) enum NextAction {
    /// An outcome: decide it, then report it.
    Report(Outcome),
    /// No outcome: release the claim, and nack the message.
    Release(NackReason),
    /// The workflow waits no more.
    Closed,
}

/// The chances that the task is reported after this delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chances {
    /// Another delivery.
    Delivery,
    /// The handler of dead letters: the message will not be delivered here again.
    DeadLetters,
    /// Nothing: no handler of dead letters can run on the ledger of one process.
    Nothing,
}

/// The longest error of a step in a log line: the end of a command's stderr, and the text around it.
const LOGGED_CHARS: usize = 5000;

/// Returns the action for a step's exit. A retryable error fails the task where no other delivery follows; so does a
/// step that was cut off where nothing at all follows.
pub(super) fn resolve(end: StepExit, chances: Chances, labels: &TaskLabels<'_>) -> NextAction {
    let token = &labels.task.token;
    // Each service cuts to its own limits.
    let line = |text: String| token.redact_line(&text, usize::MAX);
    let text = |text: String| token.redact_text(&text);
    let failed = |error: String, cause: String| NextAction::Report(Outcome::failed(line(error), text(cause)));
    match end {
        StepExit::Ended(Ok(end)) => match end {
            StepOutput::Succeeded(output) => NextAction::Report(Outcome::Succeeded(output)),
            StepOutput::Delegated { to } => NextAction::Report(Outcome::DelegatedTo { to: line(to) }),
            // Without a request to cancel it is a failure like any other.
            StepOutput::Canceled { details } => failed(CANCELED.into(), details),
        },
        StepExit::Ended(Err(StepError::Terminal { error, cause })) => failed(error, cause),
        StepExit::Ended(Err(StepError::Retryable(error))) if chances != Chances::Delivery => {
            failed(STEP_FAILED.into(), chain(&*error))
        }
        StepExit::Ended(Err(StepError::Retryable(error))) => {
            let error = token.redact_line(&chain(&*error), LOGGED_CHARS);
            log_task!(warn, labels, "step.failed", error, "step failed and will be retried");
            NextAction::Release(NackReason::Retryable)
        }
        StepExit::Panicked if chances != Chances::Delivery => {
            failed(STEP_PANICKED.into(), "the step panicked".into())
        }
        StepExit::Panicked => NextAction::Release(NackReason::Panicked),
        StepExit::Cancelled(Cancellation::Requested, result) => match result {
            Some(Err(StepError::Retryable(error))) => canceled(text(chain(&*error))),
            Some(Ok(StepOutput::Canceled { details })) => canceled(text(details)),
            Some(end) => resolve(StepExit::Ended(end), chances, labels),
            None => canceled(String::new()),
        },
        StepExit::Lingers(reason, _) => resolve(StepExit::Cancelled(reason, None), chances, labels),
        StepExit::Cancelled(Cancellation::Closed, _) => NextAction::Closed,
        StepExit::Cancelled(Cancellation::LeaseLost, _) => NextAction::Release(NackReason::LeaseLost),
        StepExit::Cancelled(Cancellation::Deadline, _) => match chances {
            Chances::Nothing => cut_off("the time for the step was over on the last delivery"),
            Chances::Delivery | Chances::DeadLetters => NextAction::Release(NackReason::Deadline),
        },
        StepExit::Cancelled(Cancellation::Shutdown, _) => match chances {
            Chances::Nothing => cut_off("the process ended before the step on the last delivery"),
            Chances::Delivery | Chances::DeadLetters => NextAction::Release(NackReason::Shutdown),
        },
    }
}

fn cut_off(cause: &str) -> NextAction {
    NextAction::Report(Outcome::failed(STEP_FAILED, cause))
}

fn canceled(details: String) -> NextAction {
    NextAction::Report(Outcome::Canceled { details })
}

/// An error with all that caused it, for people.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::Delivery;
    use taskback_core::{Execution, Output, RawTask, Service, TaskToken};

    fn next(end: StepExit, last: bool) -> NextAction {
        next_with(end, if last { Chances::DeadLetters } else { Chances::Delivery })
    }

    fn next_with(end: StepExit, chances: Chances) -> NextAction {
        let task = RawTask {
            token: TaskToken::new(Service::Swf, "the+secret/token").unwrap(),
            input: Box::default(),
            heartbeat: None,
            execution: Execution::default(),
        };
        resolve(end, chances, &TaskLabels::new(&task, &Delivery::default()))
    }

    fn retryable() -> Result<StepOutput, StepError> {
        Err(StepError::retryable("no answer from https://shop/?t=the%2Bsecret%2Ftoken"))
    }

    fn succeeded() -> Outcome {
        Outcome::Succeeded(Output::new(&1).unwrap())
    }

    #[test]
    fn retryable_error_fails_on_the_last_delivery() {
        assert_eq!(next(StepExit::Ended(retryable()), false), NextAction::Release(NackReason::Retryable));
        assert_eq!(next(StepExit::Panicked, false), NextAction::Release(NackReason::Panicked));
        let NextAction::Report(Outcome::Failed { error, cause }) = next(StepExit::Ended(retryable()), true)
        else {
            panic!()
        };
        assert_eq!(error, "StepFailed");
        assert!(!cause.contains("secret"), "{cause}");
        let panicked = Outcome::failed("StepPanicked", "the step panicked");
        assert_eq!(next(StepExit::Panicked, true), NextAction::Report(panicked));
    }

    #[test]
    fn only_requested_cancellation_ends_as_canceled() {
        let asked = |result| next(StepExit::Cancelled(Cancellation::Requested, result), false);
        let canceled = |details: &str| NextAction::Report(Outcome::Canceled { details: details.into() });
        assert_eq!(asked(None), canceled(""));
        assert_eq!(asked(Some(Ok(StepOutput::Canceled { details: "half".into() }))), canceled("half"));
        assert!(matches!(asked(Some(retryable())), NextAction::Report(Outcome::Canceled { .. })));
        assert_eq!(asked(Some(StepOutput::succeeded(&1))), NextAction::Report(succeeded()));
        let terminal = asked(Some(Err(StepError::terminal("E", "c"))));
        assert_eq!(terminal, NextAction::Report(Outcome::failed("E", "c")));

        let new = next(StepExit::Ended(Ok(StepOutput::Canceled { details: "d".into() })), false);
        assert_eq!(new, NextAction::Report(Outcome::failed("Canceled", "d")));
    }

    #[test]
    fn other_cancellations_release_the_claim() {
        for (reason, nack) in [
            (Cancellation::LeaseLost, NackReason::LeaseLost),
            (Cancellation::Deadline, NackReason::Deadline),
            (Cancellation::Shutdown, NackReason::Shutdown),
        ] {
            assert_eq!(next(StepExit::Cancelled(reason, Some(retryable())), true), NextAction::Release(nack));
        }
        assert_eq!(next(StepExit::Cancelled(Cancellation::Closed, None), true), NextAction::Closed);
    }

    #[test]
    fn cut_off_step_fails_without_redelivery() {
        for reason in [Cancellation::Deadline, Cancellation::Shutdown] {
            let exit = next_with(StepExit::Cancelled(reason, None), Chances::Nothing);
            assert!(
                matches!(exit, NextAction::Report(Outcome::Failed { error, .. }) if error == "StepFailed")
            );
        }
        // Another owner has it.
        let lost = next_with(StepExit::Cancelled(Cancellation::LeaseLost, None), Chances::Nothing);
        assert_eq!(lost, NextAction::Release(NackReason::LeaseLost));
    }
}
