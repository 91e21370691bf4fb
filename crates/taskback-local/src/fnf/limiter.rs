use tokio::time::Instant;

use super::operation::Operation;

/// The buckets of one account and region, as FnF documents them.
pub(super) struct Limits {
    start: Limiter,
    query: Limiter,
    other: Limiter,
}

impl Limits {
    pub(super) fn none() -> Self {
        Self { start: Limiter::none(), query: Limiter::none(), other: Limiter::none() }
    }

    pub(super) fn documented() -> Self {
        Self {
            start: Limiter::new(100.0, 100.0),
            query: Limiter::new(50.0, 5.0),
            other: Limiter::new(10.0, 2.0),
        }
    }

    /// Whether a call of that operation may pass now.
    pub(super) fn take(&mut self, operation: Operation, now: Instant) -> bool {
        let bucket = match operation {
            Operation::StartExecution => &mut self.start,
            Operation::DescribeExecution | Operation::GetExecutionHistory => &mut self.query,
            _ => &mut self.other,
        };
        bucket.take(now)
    }
}

/// A bucket of calls that fills again with time, or no limit at all.
struct Limiter(Option<Bucket>);

struct Bucket {
    most: f64,
    refill_per_second: f64,
    left: f64,
    looked: Option<Instant>,
}

impl Limiter {
    fn none() -> Self {
        Self(None)
    }

    /// Full at first.
    fn new(most: f64, refill_per_second: f64) -> Self {
        Self(Some(Bucket { most, refill_per_second, left: most, looked: None }))
    }

    /// Whether one more call may pass now.
    fn take(&mut self, now: Instant) -> bool {
        let Some(bucket) = &mut self.0 else { return true };
        let since = bucket.looked.map(|looked| now.saturating_duration_since(looked)).unwrap_or_default();
        bucket.left = bucket.most.min(bucket.left + since.as_secs_f64() * bucket.refill_per_second);
        bucket.looked = Some(now);
        let passes = bucket.left >= 1.0;
        if passes {
            bucket.left -= 1.0;
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn ten_calls_pass_and_then_two_a_second() {
        let mut limiter = Limiter::new(10.0, 2.0);
        let start = Instant::now();
        let passed = |limiter: &mut Limiter, at: Instant| (0..20).filter(|_| limiter.take(at)).count();
        assert_eq!(passed(&mut limiter, start), 10);
        assert_eq!(passed(&mut limiter, start + Duration::from_millis(400)), 0);
        assert_eq!(passed(&mut limiter, start + Duration::from_secs(2)), 4);
        assert_eq!(passed(&mut limiter, start + Duration::from_secs(600)), 10);
    }
}
