use tokio::time::Instant;

/// A bucket of calls that fills again with time, or no limit at all.
pub(super) struct Limiter(Option<Bucket>);

struct Bucket {
    most: f64,
    refill_per_second: f64,
    left: f64,
    looked: Option<Instant>,
}

impl Limiter {
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Full at first.
    pub(super) fn new(most: f64, refill_per_second: f64) -> Self {
        Self(Some(Bucket { most, refill_per_second, left: most, looked: None }))
    }

    /// Whether one more call may pass now.
    pub(super) fn take(&mut self, now: Instant) -> bool {
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
