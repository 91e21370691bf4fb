use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use bucket::Bucket;

mod bucket;

/// The request quotas of an account in a region, as documented by the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quota {
    /// StartExecution: a burst of 100 requests, refilled at 100 per second.
    Start,
    /// DescribeExecution and GetExecutionHistory: a burst of 50, 5 per second.
    Query,
    /// All other calls together, among them the two task reports and StopExecution: a burst of 10, 2 per second.
    Other,
}

/// A token bucket for each [`Quota`], on tokio's clock. Clones share their buckets.
///
/// Every call acquires a permit itself; [`acquire`](Self::acquire) reserves one ahead, for work that should only start
/// if its call will have room.
///
/// The service counts all processes of an account together, which a process cannot observe. A bucket therefore starts
/// at 4/10 of its size. A throttled response empties it and halves this process's share of the refill (at most once per
/// second, down to 1/16). Each other response returns 1/32, up to the full refill.
#[derive(Clone)]
pub struct Limiter {
    start: Arc<Bucket>,
    query: Arc<Bucket>,
    other: Arc<Bucket>,
}

impl Limiter {
    /// Makes a limiter. Share it among all clients of an account and region in a process.
    pub fn new() -> Self {
        let bucket = |size, refill| Arc::new(Bucket::new(size, refill));
        Self { start: bucket(100.0, 100.0), query: bucket(50.0, 5.0), other: bucket(10.0, 2.0) }
    }

    /// Waits for a permit, first come first served. Fails at once if none will be available before the deadline.
    pub async fn acquire(&self, quota: Quota, deadline: Instant) -> Result<Permit, AcquireError> {
        let bucket = Arc::clone(self.bucket(quota));
        bucket.acquire(deadline).await.map_err(|wait| AcquireError { quota, wait })?;
        Ok(Permit { bucket: Some(bucket), quota })
    }

    /// Records a response that is not throttled.
    pub(crate) fn record_response(&self, quota: Quota) {
        self.bucket(quota).record_response();
    }

    /// Records a throttled response: the service's bucket is empty.
    pub(crate) fn record_throttle(&self, quota: Quota) {
        self.bucket(quota).record_throttle();
    }

    /// Charges a request beyond the permit's own: a call that was signed again.
    pub(crate) fn charge(&self, quota: Quota) {
        self.bucket(quota).charge();
    }

    fn bucket(&self, quota: Quota) -> &Arc<Bucket> {
        match quota {
            Quota::Start => &self.start,
            Quota::Query => &self.query,
            Quota::Other => &self.other,
        }
    }
}

impl Default for Limiter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Limiter")
    }
}

/// Room for one request. Dropped unused, it returns to its bucket.
///
/// It never expires. While it is held the bucket refills, so a permit held for a long time may be used together with a
/// full bucket; later calls then wait for the overdraft.
#[must_use = "a dropped permit returns to its bucket"]
pub struct Permit {
    bucket: Option<Arc<Bucket>>,
    quota: Quota,
}

impl Permit {
    /// The quota of the requests that it is for.
    pub fn quota(&self) -> Quota {
        self.quota
    }

    /// Uses the permit for a request, which is in flight until the returned guard is dropped.
    pub(crate) fn spend(mut self) -> InFlight {
        let bucket = self.bucket.take();
        if let Some(bucket) = &bucket {
            bucket.spend();
        }
        InFlight(bucket)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(bucket) = self.bucket.take() {
            bucket.release();
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permit({:?})", self.quota)
    }
}

/// A request in flight. Before its response it is unknown when the service counted it.
pub(crate) struct InFlight(Option<Arc<Bucket>>);

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(bucket) = &self.0 {
            bucket.finish();
        }
    }
}

/// No permit is available before the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcquireError {
    quota: Quota,
    wait: Duration,
}

impl AcquireError {
    /// The approximate wait for a permit.
    pub fn wait(&self) -> Duration {
        self.wait
    }
}

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no permit of the {:?} quota before the deadline, the wait is {:?}", self.quota, self.wait)
    }
}

impl std::error::Error for AcquireError {}
