use std::sync::atomic::{AtomicU32, Ordering};

use tokio::time::advance;

use super::*;

/// Returns other keys for each request, which expire after `lifetime`, or hangs.
#[derive(Clone, Debug, Default)]
struct Source {
    requests: Arc<AtomicU32>,
    lifetime: Option<Duration>,
    hangs_after: Option<u32>,
}

impl ProvideCredentials for Source {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
            if self.hangs_after.is_some_and(|last| number > last) {
                std::future::pending::<()>().await;
            }
            let expiry = self.lifetime.map(|lifetime| SystemTime::now() + lifetime);
            Ok(Credentials::new(format!("key-{number}"), "secret", None, expiry, "test"))
        })
    }
}

fn cache(source: &Source) -> CredentialCache {
    CredentialCache::new(SharedCredentialsProvider::new(source.clone()))
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(1)
}

async fn key(cache: &CredentialCache, now: SystemTime) -> Result<String, String> {
    let loaded = cache.get(now, soon()).await;
    loaded.map(|found| found.access_key_id().to_owned()).map_err(|error| error.to_string())
}

/// Runs the tasks that are ready.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn callers_share_one_request() {
    let source = Source::default();
    let cache = cache(&source);
    let now = SystemTime::now();
    let (one, two) = tokio::join!(key(&cache, now), key(&cache, now));
    assert_eq!((one, two), (Ok("key-1".into()), Ok("key-1".into())));
    assert_eq!(source.requests.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn credentials_are_replaced_before_they_expire() {
    let source = Source { lifetime: Some(HOUR), ..Source::default() };
    let cache = cache(&source);
    let start = SystemTime::now();
    assert_eq!(key(&cache, start).await, Ok("key-1".into()));
    assert_eq!(key(&cache, start + HOUR - 2 * AHEAD).await, Ok("key-1".into()));
    settle().await;
    assert_eq!(source.requests.load(Ordering::Relaxed), 1);
    advance(PAUSE).await;
    // The call that finds them nearly expired does not wait.
    assert_eq!(key(&cache, start + HOUR - AHEAD / 2).await, Ok("key-1".into()));
    settle().await;
    assert_eq!(key(&cache, start + HOUR - AHEAD / 2).await, Ok("key-2".into()));
}

#[tokio::test(start_paused = true)]
async fn expired_credentials_are_not_used() {
    let source = Source { lifetime: Some(HOUR), ..Source::default() };
    let cache = cache(&source);
    assert_eq!(key(&cache, SystemTime::now()).await, Ok("key-1".into()));
    assert_eq!(key(&cache, SystemTime::now() + HOUR).await, Ok("key-2".into()));
}

#[tokio::test(start_paused = true)]
async fn credentials_without_expiry_are_replaced_later() {
    let source = Source::default();
    let cache = cache(&source);
    let now = SystemTime::now();
    assert_eq!(key(&cache, now).await, Ok("key-1".into()));
    advance(MAX_AGE).await;
    assert_eq!(key(&cache, now).await, Ok("key-1".into()));
    settle().await;
    assert_eq!(key(&cache, now).await, Ok("key-2".into()));
}

#[tokio::test(start_paused = true)]
async fn hanging_source_delays_no_valid_credentials() {
    let source = Source { lifetime: Some(HOUR), hangs_after: Some(1), ..Source::default() };
    let cache = cache(&source);
    let now = SystemTime::now();
    assert_eq!(key(&cache, now).await, Ok("key-1".into()));
    advance(PAUSE).await;
    let start = Instant::now();
    for _ in 0..3 {
        assert_eq!(key(&cache, now + HOUR - AHEAD / 2).await, Ok("key-1".into()));
    }
    settle().await;
    assert_eq!((start.elapsed(), source.requests.load(Ordering::Relaxed)), (Duration::ZERO, 2));
}

#[tokio::test(start_paused = true)]
async fn hanging_source_ends_at_the_deadline() {
    let source = Source { hangs_after: Some(0), ..Source::default() };
    let cache = cache(&source);
    let start = Instant::now();
    key(&cache, SystemTime::now()).await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    // The next caller joins the request that still hangs, and a request ends too.
    advance(MAX_REQUEST_TIME).await;
    settle().await;
    key(&cache, SystemTime::now()).await.unwrap_err();
    assert_eq!(source.requests.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_replaced_at_once() {
    let source = Source::default();
    let cache = cache(&source);
    let first = cache.get(SystemTime::now(), soon()).await.unwrap();
    let second = cache.replacement_for(&first, soon()).await.unwrap();
    assert_eq!(second.access_key_id(), "key-2");
    // Another call was refused with the first ones too.
    assert_eq!(cache.replacement_for(&first, soon()).await, Some(second));
    assert_eq!(source.requests.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn same_credentials_are_no_replacement() {
    let keys = Credentials::new("key", "secret", None, None, "test");
    let cache = CredentialCache::new(SharedCredentialsProvider::new(keys.clone()));
    assert_eq!(cache.replacement_for(&keys, soon()).await, None);
}
