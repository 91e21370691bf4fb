use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::select;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout_at};

/// Our picture of one bucket at the service.
pub(super) struct Bucket {
    size: f64,
    refill: f64,
    level: Mutex<Level>,
    /// Held by the first of those who wait; the others queue for it in order.
    turn: tokio::sync::Mutex<()>,
    given_back: Notify,
}

/// At any moment `free + held + sent - lapsed` is at most what the service's own bucket holds and what
/// is on its way there.
struct Level {
    free: f64,
    /// Slots that are reserved and not yet used.
    held: f64,
    /// Of those, how many the service's bucket no longer has apart: it was full meanwhile.
    lapsed: f64,
    /// Requests under way. The service takes them off its bucket later than we send them, so that its
    /// bucket fills later too: as if each were still in it until its answer is here.
    sent: f64,
    share: f64,
    at: Instant,
    halved: Option<Instant>,
    waiting: u32,
}

impl Bucket {
    pub(super) fn new(size: f64, refill: f64) -> Self {
        let at = Instant::now();
        let free = size * FIRST;
        let level =
            Level { free, held: 0.0, lapsed: 0.0, sent: 0.0, share: 1.0, at, halved: None, waiting: 0 };
        Self {
            size,
            refill,
            level: Mutex::new(level),
            turn: tokio::sync::Mutex::new(()),
            given_back: Notify::new(),
        }
    }

    /// `Err` says about how long a slot would have taken.
    pub(super) async fn take(&self, by: Instant) -> Result<(), Duration> {
        let _queued = self.queue(by)?;
        let Ok(_turn) = timeout_at(by, self.turn.lock()).await else {
            return Err(self.wait_for(&self.now(), 1.0));
        };
        loop {
            let given_back = pin!(self.given_back.notified());
            let wait = {
                let mut level = self.now();
                if level.free >= 1.0 {
                    level.free -= 1.0;
                    level.held += 1.0;
                    return Ok(());
                }
                self.wait_for(&level, 1.0)
            };
            if Instant::now() + wait > by {
                return Err(wait);
            }
            select(given_back, pin!(sleep(wait))).await;
        }
    }

    pub(super) fn spend(&self) {
        let mut level = self.now();
        let lapsed = level.lapsed.min(1.0);
        level.held -= 1.0;
        level.lapsed -= lapsed;
        level.free -= lapsed;
        level.sent += 1.0;
    }

    /// The service has counted a request that was under way.
    pub(super) fn arrived(&self) {
        self.now().sent -= 1.0;
    }

    pub(super) fn give_back(&self) {
        let mut level = self.now();
        let lapsed = level.lapsed.min(1.0);
        level.held -= 1.0;
        level.lapsed -= lapsed;
        level.free += 1.0 - lapsed;
        drop(level);
        self.given_back.notify_one();
    }

    pub(super) fn charge(&self) {
        self.now().free -= 1.0;
    }

    pub(super) fn passed(&self) {
        let mut level = self.now();
        level.share = (level.share + REGAINED).min(1.0);
    }

    pub(super) fn throttled(&self) {
        let mut level = self.now();
        level.free = level.free.min(0.0);
        level.lapsed = level.held;
        // Requests that were under way together are throttled together: one halving for all.
        if level.halved.is_none_or(|last| level.at >= last + Duration::from_secs(1)) {
            level.share = (level.share / 2.0).max(LEAST_SHARE);
            level.halved = Some(level.at);
        }
    }

    /// Joins the line, unless those ahead leave no slot in time.
    fn queue(&self, by: Instant) -> Result<Queued<'_>, Duration> {
        let mut level = self.now();
        let wait = self.wait_for(&level, f64::from(level.waiting) + 1.0);
        if wait > Duration::ZERO && Instant::now() + wait > by {
            return Err(wait);
        }
        level.waiting += 1;
        Ok(Queued(self))
    }

    fn wait_for(&self, level: &Level, slots: f64) -> Duration {
        Duration::from_secs_f64(((slots - level.free) / (self.refill * level.share)).max(0.0))
    }

    /// The level, refilled up to this moment.
    fn now(&self) -> MutexGuard<'_, Level> {
        let mut level = self.lock();
        let now = Instant::now();
        let gained = now.saturating_duration_since(level.at).as_secs_f64() * self.refill * level.share;
        let room = (self.size - level.free - level.held - level.sent + level.lapsed).max(0.0);
        let poured = gained.min(room);
        // A full bucket gains no more: what is reserved is in it and stops being apart.
        let lapsing = (gained - poured).min(level.held - level.lapsed).max(0.0);
        level.free += poured + lapsing;
        level.lapsed += lapsing;
        level.at = now;
        level
    }

    fn lock(&self) -> MutexGuard<'_, Level> {
        self.level.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of a full bucket: how much a process takes before it has heard from the service.
const FIRST: f64 = 0.4;

const LEAST_SHARE: f64 = 1.0 / 16.0;
const REGAINED: f64 = 1.0 / 32.0;

/// One who waits, counted until it is its turn or it gives up.
struct Queued<'a>(&'a Bucket);

impl Drop for Queued<'_> {
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
            bucket.take(Instant::now()).await.expect("a slot at once");
        }
    }

    /// A request that is answered at once.
    fn send(bucket: &Bucket) {
        bucket.spend();
        bucket.arrived();
    }

    async fn wait(bucket: &Bucket) -> Duration {
        bucket.take(Instant::now()).await.expect_err("no slot at once")
    }

    fn throttle(bucket: &Bucket) -> f64 {
        bucket.throttled();
        bucket.now().share
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_slots_are_four_of_ten() {
        let bucket = Bucket::new(10.0, 2.0);
        take(&bucket, 4).await;
        assert_eq!(wait(&bucket).await, Duration::from_millis(500));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_spent_comes_back_with_time_only() {
        let bucket = reports();
        take(&bucket, 10).await;
        (0..10).for_each(|_| send(&bucket));
        assert_eq!(wait(&bucket).await, Duration::from_millis(500));
        advance(Duration::from_secs(60)).await;
        take(&bucket, 10).await;
        assert_eq!(wait(&bucket).await, Duration::from_millis(500));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slot_that_lapsed_and_is_spent_beside_a_full_bucket_overdraws_it() {
        let bucket = reports();
        take(&bucket, 1).await;
        advance(Duration::from_secs(60)).await;
        take(&bucket, 10).await;
        (0..11).for_each(|_| send(&bucket));
        // Eleven went out where ten had room: one more is to be waited for.
        assert_eq!(wait(&bucket).await, Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slot_that_lapsed_and_is_given_back_adds_nothing() {
        let bucket = reports();
        take(&bucket, 1).await;
        advance(Duration::from_secs(60)).await;
        bucket.give_back();
        take(&bucket, 10).await;
        assert!(wait(&bucket).await > AT_ONCE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_bucket_that_was_emptied_fills_from_the_answers_on() {
        let bucket = reports();
        take(&bucket, 10).await;
        (0..10).for_each(|_| bucket.spend());
        advance(Duration::from_millis(400)).await;
        (0..10).for_each(|_| bucket.arrived());
        assert_eq!(wait(&bucket).await, Duration::from_millis(500));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_beyond_its_slot_is_charged() {
        let bucket = reports();
        bucket.charge();
        take(&bucket, 9).await;
        assert!(wait(&bucket).await > AT_ONCE);
    }

    #[tokio::test(start_paused = true)]
    async fn throttled_answers_of_one_second_halve_the_share_once_and_never_below_a_sixteenth() {
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
    async fn slots_that_are_spent_after_a_throttled_answer_are_waited_for() {
        let bucket = reports();
        take(&bucket, 3).await;
        throttle(&bucket);
        (0..3).for_each(|_| send(&bucket));
        assert_eq!(wait(&bucket).await, Duration::from_secs(4));
    }

    #[tokio::test(start_paused = true)]
    async fn answers_that_are_not_throttled_give_the_share_back_step_by_step() {
        let bucket = reports();
        throttle(&bucket);
        bucket.passed();
        assert_eq!(bucket.now().share, 0.53125);
        (0..20).for_each(|_| bucket.passed());
        assert_eq!(bucket.now().share, 1.0);
    }
}
