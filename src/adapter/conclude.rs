use taskback_core::{CANCELED, Outcome, STEP_FAILED, STEP_PANICKED, TaskToken};

use crate::liveness::End;
use crate::settlement::Kept;
use crate::{Cancellation, StepEnd, StepError};

/// What follows from how a step ended.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// An outcome: decide it, then tell it.
    Tell(Outcome),
    /// No outcome: give the claim back and keep the message.
    Release(Kept),
    /// Nobody waits any more.
    Closed,
}

/// `last`: the message will not be delivered again, so what could be tried again has failed.
pub(super) fn conclude(end: End, last: bool, token: &TaskToken) -> Next {
    let clean = |text: String| token.scrub(&text);
    let failed = |error: String, cause: String| Next::Tell(Outcome::failed(clean(error), clean(cause)));
    match end {
        End::Ended(Ok(end)) => match end {
            StepEnd::Succeeded(output) => Next::Tell(Outcome::Succeeded(output)),
            StepEnd::Delegated { to } => Next::Tell(Outcome::Delegated { to: clean(to) }),
            // Nobody asked: for the workflow this is a failure like any other.
            StepEnd::Canceled { details } => failed(CANCELED.into(), details),
        },
        End::Ended(Err(StepError::Terminal { error, cause })) => failed(error, cause),
        End::Ended(Err(StepError::Retryable(error))) if last => failed(STEP_FAILED.into(), chain(&*error)),
        End::Ended(Err(StepError::Retryable(error))) => {
            tracing::warn!(task = ?token, error = clean(chain(&*error)), "step to be tried again");
            Next::Release(Kept::Retryable)
        }
        End::Panicked if last => failed(STEP_PANICKED.into(), "the step panicked".into()),
        End::Panicked => Next::Release(Kept::Panicked),
        End::Cancelled(Cancellation::Requested, said) => match said {
            Some(Err(StepError::Retryable(error))) => canceled(clean(chain(&*error))),
            Some(Ok(StepEnd::Canceled { details })) => canceled(clean(details)),
            Some(end) => conclude(End::Ended(end), last, token),
            None => canceled(String::new()),
        },
        End::Cancelled(Cancellation::Closed, _) => Next::Closed,
        End::Cancelled(Cancellation::LeaseLost, _) => Next::Release(Kept::LeaseLost),
        End::Cancelled(Cancellation::Deadline, _) => Next::Release(Kept::Deadline),
        End::Cancelled(Cancellation::Shutdown, _) => Next::Release(Kept::Shutdown),
    }
}

fn canceled(details: String) -> Next {
    Next::Tell(Outcome::Canceled { details })
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
    use taskback_core::{Output, Service};

    fn next(end: End, last: bool) -> Next {
        conclude(end, last, &TaskToken::new(Service::Swf, "the+secret/token").unwrap())
    }

    fn retryable() -> Result<StepEnd, StepError> {
        Err(StepError::retryable("no answer from https://shop/?t=the%2Bsecret%2Ftoken"))
    }

    fn succeeded() -> Outcome {
        Outcome::Succeeded(Output::new(&1).unwrap())
    }

    #[test]
    fn what_can_be_tried_again_fails_only_on_the_last_delivery() {
        assert_eq!(next(End::Ended(retryable()), false), Next::Release(Kept::Retryable));
        assert_eq!(next(End::Panicked, false), Next::Release(Kept::Panicked));
        let Next::Tell(Outcome::Failed { error, cause }) = next(End::Ended(retryable()), true) else {
            panic!()
        };
        assert_eq!(error, "StepFailed");
        assert!(!cause.contains("secret"), "{cause}");
        let panicked = Outcome::failed("StepPanicked", "the step panicked");
        assert_eq!(next(End::Panicked, true), Next::Tell(panicked));
    }

    #[test]
    fn only_a_requested_cancellation_ends_as_canceled() {
        let asked = |said| next(End::Cancelled(Cancellation::Requested, said), false);
        let canceled = |details: &str| Next::Tell(Outcome::Canceled { details: details.into() });
        assert_eq!(asked(None), canceled(""));
        assert_eq!(asked(Some(Ok(StepEnd::Canceled { details: "half".into() }))), canceled("half"));
        assert!(matches!(asked(Some(retryable())), Next::Tell(Outcome::Canceled { .. })));
        assert_eq!(asked(Some(StepEnd::succeeded(&1))), Next::Tell(succeeded()));
        let terminal = asked(Some(Err(StepError::terminal("E", "c"))));
        assert_eq!(terminal, Next::Tell(Outcome::failed("E", "c")));

        let unasked = next(End::Ended(Ok(StepEnd::Canceled { details: "d".into() })), false);
        assert_eq!(unasked, Next::Tell(Outcome::failed("Canceled", "d")));
    }

    #[test]
    fn every_other_cancellation_gives_the_claim_back_even_on_the_last_delivery() {
        for (reason, kept) in [
            (Cancellation::LeaseLost, Kept::LeaseLost),
            (Cancellation::Deadline, Kept::Deadline),
            (Cancellation::Shutdown, Kept::Shutdown),
        ] {
            assert_eq!(next(End::Cancelled(reason, Some(retryable())), true), Next::Release(kept));
        }
        assert_eq!(next(End::Cancelled(Cancellation::Closed, None), true), Next::Closed);
    }
}
