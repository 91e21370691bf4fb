//! Deadlines that hold in a frozen process.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use tokio::time::{Instant, sleep_until};

/// Returns the output of `future`, or `None` once `deadline` has passed.
///
/// It reads the clock before each poll, where tokio's `timeout_at` polls the future first: a future that a
/// host froze past the deadline goes no step further after it thaws, and sends nothing.
pub(crate) async fn before<F: Future>(deadline: Instant, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut over = pin!(sleep_until(deadline));
    poll_fn(|context| {
        if Instant::now() >= deadline {
            return Poll::Ready(None);
        }
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => over.as_mut().poll(context).map(|()| None),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use tokio::time::{advance, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn future_ends_before_its_deadline() {
        let deadline = Instant::now() + Duration::from_secs(2);
        let output = before(deadline, async {
            sleep(Duration::from_secs(1)).await;
            7
        });
        assert_eq!(output.await, Some(7));
    }

    #[tokio::test(start_paused = true)]
    async fn hanging_future_ends_with_its_deadline() {
        let deadline = Instant::now() + Duration::from_secs(2);
        assert_eq!(before(deadline, std::future::pending::<()>()).await, None);
        assert_eq!(Instant::now(), deadline);
    }

    /// As after a freeze: what was waited for is there, and so is the deadline.
    #[tokio::test(start_paused = true)]
    async fn future_is_not_polled_past_its_deadline() {
        let deadline = Instant::now() + Duration::from_secs(2);
        let went_on = Cell::new(false);
        let mut work = pin!(before(deadline, async {
            sleep(Duration::from_secs(1)).await;
            went_on.set(true);
        }));
        assert!(futures_util::poll!(work.as_mut()).is_pending());
        advance(Duration::from_secs(3)).await;
        assert_eq!(work.await, None);
        assert!(!went_on.get());
    }
}
