//! The one retry loop.

use std::ops::ControlFlow;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Makes attempts until `judge` breaks with the result, or continues with the time to wait before the next attempt.
/// Both get the number of the attempt, from 1.
pub(crate) async fn retry<A, T>(
    mut attempt: impl FnMut(u32) -> A,
    mut judge: impl FnMut(A::Output, u32) -> ControlFlow<T, Duration>,
) -> T
where
    A: Future,
{
    let mut number = 0;
    loop {
        number += 1;
        match judge(attempt(number).await, number) {
            ControlFlow::Break(result) => return result,
            ControlFlow::Continue(wait) => sleep(wait).await,
        }
    }
}

/// The shortest and the longest time of one attempt.
const ATTEMPT: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));

/// Returns the deadline of one attempt: half of the time that remains, since no attempt may take all of it. A service
/// has been seen to hold a call for minutes. `hold` is the time for which the service may hold the call on purpose.
pub(crate) fn attempt_deadline(deadline: Instant, hold: Duration) -> Instant {
    let now = Instant::now();
    let remaining = deadline.saturating_duration_since(now);
    let attempt = hold + (remaining.saturating_sub(hold) / 2).clamp(ATTEMPT.0, ATTEMPT.1);
    // Never later than `deadline`, where all work is cut off and no attempt could report its end.
    now + remaining.min(attempt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn attempts_end_with_a_break() {
        let start = Instant::now();
        let judge = |number, again| {
            assert_eq!(number, again);
            if number < 3 {
                ControlFlow::Continue(Duration::from_secs(1))
            } else {
                ControlFlow::Break(number)
            }
        };
        assert_eq!(retry(std::future::ready, judge).await, 3);
        assert_eq!(start.elapsed(), Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn one_attempt_never_takes_all_the_time() {
        let attempt = |remaining, hold| {
            let deadline = Instant::now() + Duration::from_millis(remaining);
            (attempt_deadline(deadline, Duration::from_millis(hold)) - Instant::now()).as_millis()
        };
        assert_eq!([attempt(60_000, 0), attempt(8000, 0), attempt(400, 0)], [10_000, 4000, 250]);
        assert_eq!([attempt(100, 0), attempt(0, 0)], [100, 0]);
        assert_eq!([attempt(60_000, 20_000), attempt(25_000, 20_000)], [30_000, 22_500]);
    }
}
