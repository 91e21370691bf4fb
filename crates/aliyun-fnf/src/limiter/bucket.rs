use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::select;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout_at};

/// The local estimate of one bucket of the service.
pub(super) struct Bucket {
    size: f64,
    refill: f64,
    level: Mutex<Level>,
    /// Held by the first waiter; the others queue for it in order.
    first_in_line: tokio::sync::Mutex<()>,
    released: Notify,
}

/// At any moment `free + held + in_flight - lapsed` is at most the content of the service's bucket plus the requests on
/// their way to it.
struct Level {
    free: f64,
    /// Permits that are reserved and not yet used.
    held: f64,
    /// Held permits that no longer reduce the service's bucket, because it was full meanwhile.
    lapsed: f64,
    /// Requests in flight. The service counts them later than they are sent, so its bucket also refills later: as if each
    /// were still in it until its response arrives.
    in_flight: f64,
    share: f64,
    updated: Instant,
    last_halving: Option<Instant>,
    waiting: u32,
}

impl Bucket {
    pub(super) fn new(size: f64, refill: f64) -> Self {
        let updated = Instant::now();
        let free = size * INITIAL_SHARE;
        let level = Level {
            free,
            held: 0.0,
            lapsed: 0.0,
            in_flight: 0.0,
            share: 1.0,
            updated,
            last_halving: None,
            waiting: 0,
        };
        Self {
            size,
            refill,
            level: Mutex::new(level),
            first_in_line: tokio::sync::Mutex::new(()),
            released: Notify::new(),
        }
    }

    /// Takes a permit, or returns the approximate wait for one.
    pub(super) async fn acquire(&self, deadline: Instant) -> Result<(), Duration> {
        let _waiting = self.queue(deadline)?;
        let Ok(_first) = timeout_at(deadline, self.first_in_line.lock()).await else {
            return Err(self.wait_for(&self.now(), 1.0));
        };
        loop {
            let released = pin!(self.released.notified());
            let wait = {
                let mut level = self.now();
                if level.free >= 1.0 {
                    level.free -= 1.0;
                    level.held += 1.0;
                    return Ok(());
                }
                self.wait_for(&level, 1.0)
            };
            if Instant::now() + wait > deadline {
                return Err(wait);
            }
            select(released, pin!(sleep(wait))).await;
        }
    }

    pub(super) fn spend(&self) {
        let mut level = self.now();
        let lapsed = level.lapsed.min(1.0);
        level.held -= 1.0;
        level.lapsed -= lapsed;
        level.free -= lapsed;
        level.in_flight += 1.0;
    }

    /// Ends a request in flight: the service has counted it.
    pub(super) fn finish(&self) {
        self.now().in_flight -= 1.0;
    }

    pub(super) fn release(&self) {
        let mut level = self.now();
        let lapsed = level.lapsed.min(1.0);
        level.held -= 1.0;
        level.lapsed -= lapsed;
        level.free += 1.0 - lapsed;
        drop(level);
        self.released.notify_one();
    }

    pub(super) fn charge(&self) {
        self.now().free -= 1.0;
    }

    pub(super) fn record_response(&self) {
        let mut level = self.now();
        level.share = (level.share + SHARE_STEP).min(1.0);
    }

    pub(super) fn record_throttle(&self) {
        let mut level = self.now();
        level.free = level.free.min(0.0);
        level.lapsed = level.held;
        // Requests that were in flight together are throttled together: one halving for all.
        if level.last_halving.is_none_or(|last| level.updated >= last + Duration::from_secs(1)) {
            level.share = (level.share / 2.0).max(MIN_SHARE);
            level.last_halving = Some(level.updated);
        }
    }

    /// Joins the queue, unless the waiters ahead leave no permit in time.
    fn queue(&self, deadline: Instant) -> Result<Waiting<'_>, Duration> {
        let mut level = self.now();
        let wait = self.wait_for(&level, f64::from(level.waiting) + 1.0);
        if wait > Duration::ZERO && Instant::now() + wait > deadline {
            return Err(wait);
        }
        level.waiting += 1;
        Ok(Waiting(self))
    }

    fn wait_for(&self, level: &Level, permits: f64) -> Duration {
        Duration::from_secs_f64(((permits - level.free) / (self.refill * level.share)).max(0.0))
    }

    /// Returns the level, refilled up to now.
    fn now(&self) -> MutexGuard<'_, Level> {
        let mut level = self.lock();
        let now = Instant::now();
        let gained = now.saturating_duration_since(level.updated).as_secs_f64() * self.refill * level.share;
        let room = (self.size - level.free - level.held - level.in_flight + level.lapsed).max(0.0);
        let poured = gained.min(room);
        // A full bucket does not refill: its content includes the held permits, which lapse.
        let lapsing = (gained - poured).min(level.held - level.lapsed).max(0.0);
        level.free += poured + lapsing;
        level.lapsed += lapsing;
        level.updated = now;
        level
    }

    fn lock(&self) -> MutexGuard<'_, Level> {
        self.level.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The part of a full bucket that a process uses before the first response.
const INITIAL_SHARE: f64 = 0.4;

const MIN_SHARE: f64 = 1.0 / 16.0;
const SHARE_STEP: f64 = 1.0 / 32.0;

/// A waiter, counted until it gets a permit or gives up.
struct Waiting<'a>(&'a Bucket);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.lock().waiting -= 1;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;

    fn reports() -> Bucket {
        let bucket = Bucket::new(10.0, 2.0);
        bucket.now().free = 10.0;
        bucket
    }

    async fn take(bucket: &Bucket, count: usize) {
        for _ in 0..count {
            bucket.acquire(Instant::now()).await.expect("a permit at once");
        }
    }

    /// Sends a request that is answered at once.
    fn send(bucket: &Bucket) {
        bucket.spend();
        bucket.finish();
    }

    async fn wait(bucket: &Bucket) -> Duration {
        bucket.acquire(Instant::now()).await.expect_err("no permit at once")
    }

    fn throttle(bucket: &Bucket) -> f64 {
        bucket.record_throttle();
        bucket.now().share
    }

    #[tokio::test(start_paused = true)]
    async fn first_permits_are_four_of_ten() {
        let bucket = Bucket::new(10.0, 2.0);
        take(&bucket, 4).await;
        assert_eq!(wait(&bucket).await, Duration::from_millis(500));
    }

    #[tokio::test(start_paused = true)]
    async fn spent_permits_return_with_time_only() {
        let bucket = reports();
        take(&bucket, 10).await;
        (0..10).for_each(|_| send(&bucket));
        assert_eq!(wait(&bucket).await, Duration::from_millis(500));
        advance(Duration::from_secs(60)).await;
        take(&bucket, 10).await;
        assert_eq!(wait(&bucket).await, Duration::from_millis(500));
    }

    #[tokio::test(start_paused = true)]
    async fn lapsed_permit_overdraws_a_full_bucket() {
        let bucket = reports();
        take(&bucket, 1).await;
        advance(Duration::from_secs(60)).await;
        take(&bucket, 10).await;
        (0..11).for_each(|_| send(&bucket));
        // Eleven requests with room for ten: the next one also waits for the overdraft.
        assert_eq!(wait(&bucket).await, Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn released_lapsed_permit_adds_nothing() {
        let bucket = reports();
        take(&bucket, 1).await;
        advance(Duration::from_secs(60)).await;
        bucket.release();
        take(&bucket, 10).await;
        assert!(wait(&bucket).await > AT_ONCE);
    }

    #[tokio::test(start_paused = true)]
    async fn emptied_bucket_refills_from_the_responses() {
        let bucket = reports();
        take(&bucket, 10).await;
        (0..10).for_each(|_| bucket.spend());
        advance(Duration::from_millis(400)).await;
        (0..10).for_each(|_| bucket.finish());
        assert_eq!(wait(&bucket).await, Duration::from_millis(500));
    }

    #[tokio::test(start_paused = true)]
    async fn request_beyond_its_permit_is_charged() {
        let bucket = reports();
        bucket.charge();
        take(&bucket, 9).await;
        assert!(wait(&bucket).await > AT_ONCE);
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_halves_the_share_once_per_second() {
        let bucket = reports();
        assert_eq!((throttle(&bucket), throttle(&bucket)), (0.5, 0.5));
        assert_eq!(wait(&bucket).await, Duration::from_secs(1));
        for share in [0.25, 0.125, 0.0625, 0.0625] {
            advance(Duration::from_secs(1)).await;
            assert_eq!(throttle(&bucket), share);
        }
        assert_eq!(wait(&bucket).await, Duration::from_secs(8));
    }

    #[tokio::test(start_paused = true)]
    async fn permits_spent_after_throttling_are_waited_for() {
        let bucket = reports();
        take(&bucket, 3).await;
        throttle(&bucket);
        (0..3).for_each(|_| send(&bucket));
        assert_eq!(wait(&bucket).await, Duration::from_secs(4));
    }

    #[tokio::test(start_paused = true)]
    async fn responses_restore_the_share_gradually() {
        let bucket = reports();
        throttle(&bucket);
        bucket.record_response();
        assert_eq!(bucket.now().share, 0.53125);
        (0..20).for_each(|_| bucket.record_response());
        assert_eq!(bucket.now().share, 1.0);
    }
}
