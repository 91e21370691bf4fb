use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use bucket::Bucket;

mod bucket;

/// The request quotas of one account in one region, as the service documents them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quota {
    /// StartExecution: 100 requests at once, refilled with 100 a second.
    Start,
    /// DescribeExecution and GetExecutionHistory: 50 at once, 5 a second.
    Query,
    /// Every other call, the two task reports and StopExecution among them: 10 at once, 2 a
    /// second, shared by all of them.
    Other,
}

/// A token bucket for each [`Quota`], on tokio's clock. Clones share their buckets.
///
/// Every call takes a slot by itself; [`acquire`](Self::acquire) reserves one ahead, for work that
/// should only start if its call will have room.
///
/// The service counts all processes of an account together, which nobody here can see. A bucket
/// therefore starts with 4/10 of its size; a throttled answer empties it and halves our share of the
/// refill (at most once a second, down to 1/16); each answer that is not throttled gives 1/32 back,
/// up to all of it.
#[derive(Clone)]
pub struct Limiter {
    start: Arc<Bucket>,
    query: Arc<Bucket>,
    other: Arc<Bucket>,
}

impl Limiter {
    /// Hand one limiter to all clients of an account and region in a process.
    pub fn new() -> Self {
        let bucket = |size, refill| Arc::new(Bucket::new(size, refill));
        Self { start: bucket(100.0, 100.0), query: bucket(50.0, 5.0), other: bucket(10.0, 2.0) }
    }

    /// Waits for a slot, first come first served. Fails at once when none can be had by then.
    pub async fn acquire(&self, quota: Quota, by: Instant) -> Result<Slot, NoSlot> {
        let bucket = Arc::clone(self.bucket(quota));
        bucket.take(by).await.map_err(|wait| NoSlot { quota, wait })?;
        Ok(Slot { bucket: Some(bucket), quota })
    }

    /// The service took the request, whatever it answered.
    pub(crate) fn passed(&self, quota: Quota) {
        self.bucket(quota).passed();
    }

    /// The service answered that its bucket is empty.
    pub(crate) fn throttled(&self, quota: Quota) {
        self.bucket(quota).throttled();
    }

    /// A request beyond the slot's own went out: a call that was signed a second time.
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

/// Room for one request. Dropped unused, it goes back to its bucket.
///
/// It never expires. While it is held the bucket fills up again, so that a slot held for long may
/// go out together with a full bucket; what that overdraws is waited for afterwards.
#[must_use = "a slot that is dropped goes back"]
pub struct Slot {
    bucket: Option<Arc<Bucket>>,
    quota: Quota,
}

impl Slot {
    /// What kind of request it is good for.
    pub fn quota(&self) -> Quota {
        self.quota
    }

    /// The request goes out, and is under way until what is returned is dropped.
    pub(crate) fn spend(mut self) -> Sent {
        let bucket = self.bucket.take();
        if let Some(bucket) = &bucket {
            bucket.spend();
        }
        Sent(bucket)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(bucket) = self.bucket.take() {
            bucket.give_back();
        }
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slot({:?})", self.quota)
    }
}

/// A request under way: when the service counted it is not known before its answer.
pub(crate) struct Sent(Option<Arc<Bucket>>);

impl Drop for Sent {
    fn drop(&mut self) {
        if let Some(bucket) = &self.0 {
            bucket.arrived();
        }
    }
}

/// No slot can be had by the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSlot {
    quota: Quota,
    wait: Duration,
}

impl NoSlot {
    /// About how long a slot would have taken.
    pub fn wait(&self) -> Duration {
        self.wait
    }
}

impl fmt::Display for NoSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no slot of the {:?} quota by the deadline; one takes {:?}", self.quota, self.wait)
    }
}

impl std::error::Error for NoSlot {}
