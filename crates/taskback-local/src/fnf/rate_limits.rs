use tokio::time::Instant;

use super::operation::FnfOperation;

/// The rate limits of one account and region, as FnF documents them.
pub(super) struct RateLimits {
    start: RateLimiter,
    query: RateLimiter,
    other: RateLimiter,
}

impl RateLimits {
    pub(super) fn unlimited() -> Self {
        Self {
            start: RateLimiter::unlimited(),
            query: RateLimiter::unlimited(),
            other: RateLimiter::unlimited(),
        }
    }

    pub(super) fn documented() -> Self {
        Self {
            start: RateLimiter::new(100.0, 100.0),
            query: RateLimiter::new(50.0, 5.0),
            other: RateLimiter::new(10.0, 2.0),
        }
    }

    /// Takes one call of the operation from its limit; false means that the call is throttled.
    pub(super) fn take(&mut self, operation: FnfOperation, now: Instant) -> bool {
        let bucket = match operation {
            FnfOperation::StartExecution => &mut self.start,
            FnfOperation::DescribeExecution | FnfOperation::GetExecutionHistory => &mut self.query,
            _ => &mut self.other,
        };
        bucket.take(now)
    }
}

/// A token bucket, or no limit.
struct RateLimiter(Option<Bucket>);

struct Bucket {
    max: f64,
    refill_per_second: f64,
    remaining: f64,
    refilled: Option<Instant>,
}

impl RateLimiter {
    fn unlimited() -> Self {
        Self(None)
    }

    /// A bucket that is full at first.
    fn new(max: f64, refill_per_second: f64) -> Self {
        Self(Some(Bucket { max, refill_per_second, remaining: max, refilled: None }))
    }

    /// Takes one call; false means that none is left.
    fn take(&mut self, now: Instant) -> bool {
        let Some(bucket) = &mut self.0 else { return true };
        let since = bucket.refilled.map(|at| now.saturating_duration_since(at)).unwrap_or_default();
        bucket.remaining = bucket.max.min(bucket.remaining + since.as_secs_f64() * bucket.refill_per_second);
        bucket.refilled = Some(now);
        let passes = bucket.remaining >= 1.0;
        if passes {
            bucket.remaining -= 1.0;
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn bucket_refills_two_a_second() {
        let mut limiter = RateLimiter::new(10.0, 2.0);
        let start = Instant::now();
        let passed = |limiter: &mut RateLimiter, at: Instant| (0..20).filter(|_| limiter.take(at)).count();
        assert_eq!(passed(&mut limiter, start), 10);
        assert_eq!(passed(&mut limiter, start + Duration::from_millis(400)), 0);
        assert_eq!(passed(&mut limiter, start + Duration::from_secs(2)), 4);
        assert_eq!(passed(&mut limiter, start + Duration::from_secs(600)), 10);
    }
}
