use std::time::Duration;

use aliyun_fnf::{ErrorKind, Limiter, Permit, Quota, ReportTaskSucceeded, StopExecution};
use tokio::time::{Instant, advance};

use crate::server::{REPORTED, Reply, Server, TOKEN, ok, refusal};

fn within(seconds: f64) -> Instant {
    Instant::now() + Duration::from_secs_f64(seconds)
}

/// A limiter with full buckets.
async fn full() -> Limiter {
    let limiter = Limiter::new();
    advance(Duration::from_secs(60)).await;
    limiter
}

/// The same with a running clock, for calls that need one.
async fn full_while_time_runs() -> Limiter {
    tokio::time::pause();
    let limiter = full().await;
    tokio::time::resume();
    limiter
}

#[tokio::test(start_paused = true)]
async fn new_limiter_starts_at_four_tenths() {
    for (quota, first) in [(Quota::Start, 40), (Quota::Query, 20), (Quota::Other, 4)] {
        let limiter = Limiter::new();
        let mut slots = Vec::new();
        while let Ok(slot) = limiter.acquire(quota, Instant::now()).await {
            slots.push(slot);
        }
        assert_eq!(slots.len(), first, "{quota:?}");
    }
}

async fn reserve(limiter: &Limiter, count: usize) -> Vec<Permit> {
    let mut slots = Vec::new();
    for _ in 0..count {
        slots.push(limiter.acquire(Quota::Other, Instant::now()).await.expect("a slot at once"));
    }
    slots
}

/// Sends ten reports that succeed at once.
async fn ten_reports(limiter: &Limiter) {
    let server = Server::start((0..10).map(|_| ok(REPORTED)).collect()).await;
    let client = server.builder().limiter(limiter.clone()).build().unwrap();
    for _ in 0..10 {
        client.call(ReportTaskSucceeded::new(TOKEN, "{}")).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn quotas_have_documented_sizes() {
    for (quota, size) in [(Quota::Start, 100), (Quota::Query, 50), (Quota::Other, 10)] {
        let limiter = full().await;
        let mut slots = Vec::new();
        while let Ok(slot) = limiter.acquire(quota, Instant::now()).await {
            slots.push(slot);
        }
        assert_eq!(slots.len(), size, "{quota:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn quotas_refill_at_documented_rates() {
    for (quota, size, wait) in [(Quota::Start, 100, 10), (Quota::Query, 50, 200), (Quota::Other, 10, 500)] {
        let limiter = full().await;
        let mut slots = Vec::new();
        for _ in 0..size {
            slots.push(limiter.acquire(quota, Instant::now()).await.unwrap());
        }
        let started = Instant::now();
        slots.push(limiter.acquire(quota, within(60.0)).await.unwrap());
        let waited = started.elapsed();
        let wait = Duration::from_millis(wait);
        assert!(waited >= wait && waited <= wait + Duration::from_millis(2), "{quota:?}: {waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn late_permit_fails_at_once() {
    let limiter = full().await;
    let _held = reserve(&limiter, 10).await;
    let started = Instant::now();
    let none = limiter.acquire(Quota::Other, within(0.4)).await.unwrap_err();
    assert_eq!(none.wait(), Duration::from_millis(500));
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn waiters_ahead_are_counted() {
    let limiter = full().await;
    let _held = reserve(&limiter, 10).await;
    let first = tokio::spawn({
        let limiter = limiter.clone();
        async move { limiter.acquire(Quota::Other, within(10.0)).await }
    });
    tokio::task::yield_now().await;
    let none = limiter.acquire(Quota::Other, within(0.6)).await.unwrap_err();
    assert_eq!(none.wait(), Duration::from_secs(1));
    assert!(first.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn unused_permit_goes_to_a_waiter() {
    let limiter = full().await;
    let mut held = reserve(&limiter, 10).await;
    let waiting = tokio::spawn({
        let limiter = limiter.clone();
        async move { limiter.acquire(Quota::Other, within(10.0)).await.map(|_| Instant::now()) }
    });
    tokio::task::yield_now().await;
    let started = Instant::now();
    held.pop();
    assert_eq!(waiting.await.unwrap().unwrap(), started);
}

#[tokio::test(start_paused = true)]
async fn abandoned_wait_leaves_the_queue() {
    let limiter = full().await;
    let _held = reserve(&limiter, 10).await;
    let waiting = tokio::spawn({
        let limiter = limiter.clone();
        async move { limiter.acquire(Quota::Other, within(10.0)).await }
    });
    tokio::task::yield_now().await;
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    assert!(limiter.acquire(Quota::Other, within(0.6)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn held_permit_does_not_block_refill() {
    let limiter = full().await;
    let held = reserve(&limiter, 10).await;
    advance(Duration::from_secs(60)).await;
    // The service's bucket is full again, so ten more may go…
    let more = reserve(&limiter, 10).await;
    assert!(limiter.acquire(Quota::Other, Instant::now()).await.is_err());
    // …and what was not used comes back once only.
    drop(held);
    drop(more);
    let _again = reserve(&limiter, 10).await;
    assert!(limiter.acquire(Quota::Other, within(0.4)).await.is_err());
}

#[tokio::test]
async fn call_uses_reserved_permit() {
    let limiter = full_while_time_runs().await;
    let mut held = reserve(&limiter, 10).await;
    let server = Server::start(vec![ok(REPORTED)]).await;
    let client = server.builder().limiter(limiter).build().unwrap();
    let call = || client.call(ReportTaskSucceeded::new(TOKEN, "{}"));
    let error = call().timeout(Duration::from_millis(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoPermit);
    assert!(!error.may_have_been_sent());
    assert!(call().permit(held.remove(0)).await.is_ok());
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn permit_of_another_quota_is_rejected() {
    let limiter = full_while_time_runs().await;
    let server = Server::start(vec![]).await;
    let client = server.builder().limiter(limiter.clone()).build().unwrap();
    let slot = limiter.acquire(Quota::Start, Instant::now()).await.unwrap();
    let error = client.call(StopExecution::new("f", "e")).permit(slot).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn unsent_call_returns_its_permit() {
    let limiter = full_while_time_runs().await;
    let mut held = reserve(&limiter, 10).await;
    let server = Server::start(vec![]).await;
    let client = server.builder().limiter(limiter.clone()).build().unwrap();
    let call = client.call(ReportTaskSucceeded::new("", "{}")).permit(held.remove(0));
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    assert!(limiter.acquire(Quota::Other, Instant::now()).await.is_ok());
}

#[tokio::test]
async fn throttling_empties_the_bucket() {
    let limiter = full_while_time_runs().await;
    let server = Server::start(vec![refusal(429, "ResourceThrottled")]).await;
    let client = server.builder().limiter(limiter.clone()).build().unwrap();
    let error = client.call(ReportTaskSucceeded::new(TOKEN, "{}")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    let none = limiter.acquire(Quota::Other, Instant::now()).await.unwrap_err();
    assert!(none.wait() > Duration::from_millis(900), "one a second: {:?}", none.wait());
    assert!(none.wait() <= Duration::from_secs(1), "one a second: {:?}", none.wait());
    assert!(limiter.acquire(Quota::Start, Instant::now()).await.is_ok(), "the others are full");
}

#[tokio::test]
async fn call_signed_twice_costs_two() {
    let limiter = full_while_time_runs().await;
    let _held = reserve(&limiter, 8).await;
    let skewed = r#"{"Code":"RequestTimeTooSkewed","RequestId":"R"}"#.to_owned();
    let skewed = Reply::Answer(403, "Date: Thu, 02 Jan 2025 03:04:05 GMT\r\n", skewed);
    let server = Server::start(vec![skewed, ok(REPORTED)]).await;
    let client = server.builder().limiter(limiter.clone()).build().unwrap();
    client.call(ReportTaskSucceeded::new(TOKEN, "{}")).await.unwrap();
    assert!(limiter.acquire(Quota::Other, Instant::now()).await.is_err());
}

#[tokio::test]
async fn empty_bucket_delays_the_next_call() {
    let limiter = full_while_time_runs().await;
    ten_reports(&limiter).await;
    assert!(limiter.acquire(Quota::Other, Instant::now()).await.is_err());
}
