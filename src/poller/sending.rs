//! Sends a task's message until one send is confirmed, or the time is over.

use std::ops::ControlFlow;
use std::time::Duration;

use taskback_core::{Fingerprint, RetryPolicy};
use tokio::time::Instant;

use super::limits::HAND_OVER;
use crate::aws::AwsError;
use crate::retry::retry;

/// The result of all sends of one message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Enqueued {
    /// The queue confirmed one of them.
    Confirmed,
    /// The queue certainly has none of them; the error of the last.
    Refused(AwsError),
    /// None was confirmed, and the queue may have one or more of them; the error of the last.
    Unconfirmed(AwsError),
}

/// The retry of a send, unless the time ends it first.
const RETRY: RetryPolicy = RetryPolicy {
    base: Duration::from_millis(200),
    cap: Duration::from_secs(2),
    attempts: 8,
    room: Duration::ZERO,
};

/// The time for one send: one that hangs leaves time for others.
const PATIENCE: Duration = Duration::from_secs(3);
/// The minimum time for one send.
const MIN_PATIENCE: Duration = Duration::from_secs(1);

/// Sends until the queue confirms it or refuses the message itself, within the time for it. On a standard queue each
/// send whose answer is lost may add a copy, and the ledger lets one of them run; a FIFO queue takes one.
pub(super) async fn enqueue<S>(key: &Fingerprint, send: impl Fn(Duration) -> S) -> Enqueued
where
    S: Future<Output = Result<(), AwsError>>,
{
    let until = Instant::now() + HAND_OVER;
    let mut may_be_queued = false;
    let attempt = |_| send(until.saturating_duration_since(Instant::now()).min(PATIENCE));
    let judge = |sent: Result<(), AwsError>, attempt| {
        let Err(refusal) = sent else { return ControlFlow::Break(Enqueued::Confirmed) };
        may_be_queued |= refusal.may_have_been_accepted();
        let wait = RETRY.jittered(attempt, fastrand::f64());
        if refusal.is_invalid_message()
            || attempt >= RETRY.attempts
            || Instant::now() + wait + MIN_PATIENCE > until
        {
            let failed = if may_be_queued { Enqueued::Unconfirmed } else { Enqueued::Refused };
            return ControlFlow::Break(failed(refusal));
        }
        tracing::warn!(event = "poller.send_retried", task = %key.short(), attempt, %refusal, "failed to queue a task; retrying");
        ControlFlow::Continue(wait)
    };
    retry(attempt, judge).await
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use taskback_core::{Service, TaskToken};
    use tokio::time::sleep;

    use super::*;

    /// The result of one send, as the queue knows it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Sent {
        Confirmed,
        /// The queue did not take it, and says so.
        Refused,
        /// The queue will never take this message.
        RefusedForGood,
        NotConnected,
        /// The queue took it, or did not, and the answer is lost.
        Lost,
        /// No answer in time.
        Hung,
        /// A success that another party wrote.
        Foreign,
    }

    use Sent::*;

    const ALL: [Sent; 7] = [Confirmed, Refused, RefusedForGood, NotConnected, Lost, Hung, Foreign];

    impl Sent {
        async fn run(self, patience: Duration) -> Result<(), AwsError> {
            match self {
                Confirmed => Ok(()),
                Refused => Err(AwsError::by_code("SendMessage", "AccessDenied")),
                RefusedForGood => Err(AwsError::by_code("SendMessage", "InvalidMessageContents")),
                NotConnected => Err(AwsError::unsent("SendMessage")),
                Lost => Err(AwsError::lost("SendMessage")),
                Hung => {
                    sleep(patience).await;
                    Err(AwsError::lost("SendMessage"))
                }
                Foreign => Err(AwsError::foreign("SendMessage")),
            }
        }

        fn may_be_queued(self) -> bool {
            matches!(self, Confirmed | Lost | Hung | Foreign)
        }
    }

    /// Every sequence of four, whose last goes on for as long as there is time.
    #[tokio::test(start_paused = true)]
    async fn refused_task_is_never_in_the_queue() {
        let key = TaskToken::new(Service::Swf, "t").unwrap().fingerprint();
        for number in 0..ALL.len().pow(4) {
            let script = [0, 1, 2, 3].map(|index| ALL[number / ALL.len().pow(index) % ALL.len()]);
            let sent = RefCell::new(Vec::new());
            let began = Instant::now();
            let enqueued = enqueue(&key, |patience| {
                let next = script[sent.borrow().len().min(3)];
                sent.borrow_mut().push(next);
                next.run(patience)
            })
            .await;
            let sent = sent.into_inner();
            let (may_be_queued, last) = (sent.iter().any(|send| send.may_be_queued()), *sent.last().unwrap());
            match enqueued {
                Enqueued::Confirmed => assert_eq!(last, Confirmed, "{sent:?}"),
                Enqueued::Refused(_) => assert!(!may_be_queued, "{sent:?}"),
                Enqueued::Unconfirmed(_) => assert!(may_be_queued && !sent.contains(&Confirmed), "{sent:?}"),
            }
            assert!(
                sent[..sent.len() - 1].iter().all(|send| !matches!(send, Confirmed | RefusedForGood)),
                "{sent:?}"
            );
            assert!(began.elapsed() <= HAND_OVER, "{sent:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_hung_send_leaves_time_for_others() {
        let key = TaskToken::new(Service::Swf, "t").unwrap().fingerprint();
        let sent = RefCell::new(0);
        let enqueued = enqueue(&key, |patience| {
            sent.replace_with(|sent| *sent + 1);
            if *sent.borrow() == 1 { Hung.run(patience) } else { Confirmed.run(patience) }
        });
        assert_eq!(enqueued.await, Enqueued::Confirmed);
    }
}
