//! Calls while a provider of credentials is slow.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aliyun_fnf::reqsign_aliyun_oss::Credential;
use aliyun_fnf::reqsign_core::time::Timestamp;
use aliyun_fnf::reqsign_core::{Context, Error, ProvideCredential, Result};
use aliyun_fnf::{Client, ErrorKind, Quota, ReportTaskSucceeded};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::server::{REPORTED, Server, TOKEN, fixed_clock, ok, refusal, settle};

/// A provider with a script of results. Each request but the first waits until it is released.
#[derive(Clone, Debug)]
struct Slow(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    script: Mutex<VecDeque<Option<Credential>>>,
    asked: AtomicUsize,
    gate: Semaphore,
}

impl Slow {
    fn new(script: impl IntoIterator<Item = Option<Credential>>) -> Self {
        let script = Mutex::new(script.into_iter().collect());
        Self(Arc::new(Parts { script, asked: AtomicUsize::new(0), gate: Semaphore::new(1) }))
    }

    fn release(&self) {
        self.0.gate.add_permits(1);
    }

    fn asked(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }

    /// Waits for that number of requests.
    async fn is_asked(&self, times: usize) {
        while self.asked() < times {
            tokio::task::yield_now().await;
        }
    }
}

impl ProvideCredential for Slow {
    type Credential = Credential;

    async fn provide_credential(&self, _: &Context) -> Result<Option<Credential>> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        self.0.gate.acquire().await.unwrap().forget();
        match self.0.script.lock().unwrap().pop_front() {
            Some(Some(found)) => Ok(Some(found)),
            _ => Err(Error::unexpected("down")),
        }
    }
}

fn key(name: &str) -> Credential {
    let secret = format!("secret-{name}");
    Credential { access_key_id: format!("key-{name}"), access_key_secret: secret, ..Credential::default() }
}

/// A key that expires this number of seconds after the fixed clock.
fn temporary(name: &str, seconds: i64) -> Credential {
    let expires = Timestamp::from_second(1_735_787_045 + seconds).unwrap();
    Credential { security_token: Some("sts".into()), expires_in: Some(expires), ..key(name) }
}

fn client(server: &Server, slow: &Slow) -> Client {
    let builder = Client::builder().endpoint(&server.endpoint).credentials_provider(slow.clone());
    builder.clock(fixed_clock).build().unwrap()
}

fn report(client: &Client) -> JoinHandle<std::result::Result<(), ErrorKind>> {
    let call = client.call(ReportTaskSucceeded::new(TOKEN, "{}")).timeout(Duration::from_secs(30));
    tokio::spawn(async { call.await.map(drop).map_err(|error| error.kind()) })
}

#[tokio::test]
async fn denied_call_delays_no_other() {
    let server = Server::start(vec![refusal(403, "AccessDenied"), ok(REPORTED), ok(REPORTED)]).await;
    let slow = Slow::new([Some(key("1")), Some(key("2"))]);
    let client = client(&server, &slow);
    let denied = report(&client);
    slow.is_asked(2).await;
    assert_eq!(report(&client).await.unwrap(), Ok(()));
    assert!(!denied.is_finished());
    slow.release();
    assert_eq!(denied.await.unwrap(), Ok(()));
    let seen = server.seen();
    assert!(seen[1].is_signed_with("secret-1") && seen[2].is_signed_with("secret-2"));
}

#[tokio::test]
async fn denied_calls_share_one_refresh() {
    let denied = (0..6).map(|_| refusal(403, "AccessDenied"));
    let server = Server::start(denied.collect()).await;
    let slow = Slow::new([Some(key("1")), Some(key("1")), Some(key("1"))]);
    let client = client(&server, &slow);
    let calls: Vec<_> = (0..3).map(|_| report(&client)).collect();
    while server.seen().len() < 3 {
        tokio::task::yield_now().await;
    }
    settle().await;
    (0..9).for_each(|_| slow.release());
    for call in calls {
        assert_eq!(call.await.unwrap(), Err(ErrorKind::Denied));
    }
    // The first keys, the question that was under way, and one that all who waited behind it share.
    assert!(slow.asked() <= 3, "{}", slow.asked());
}

#[tokio::test]
async fn abandoned_refresh_continues() {
    let server = Server::start(vec![refusal(403, "AccessDenied"), ok(REPORTED)]).await;
    let slow = Slow::new([Some(key("1")), Some(key("2"))]);
    let client = client(&server, &slow);
    let denied = report(&client);
    slow.is_asked(2).await;
    denied.abort();
    assert!(denied.await.is_err());
    slow.release();
    settle().await;
    assert_eq!(report(&client).await.unwrap(), Ok(()));
    assert!(server.seen()[1].is_signed_with("secret-2"));
    assert_eq!(slow.asked(), 2);
}

#[tokio::test]
async fn valid_keys_are_used_during_refresh() {
    let server = Server::start(vec![ok(REPORTED), ok(REPORTED), ok(REPORTED), ok(REPORTED)]).await;
    let slow = Slow::new([Some(temporary("1", 60)), Some(temporary("2", 3600))]);
    let client = client(&server, &slow);
    for _ in 0..3 {
        assert_eq!(report(&client).await.unwrap(), Ok(()));
    }
    // One question is under way, and stays the only one.
    assert_eq!(slow.asked(), 2);
    assert!(server.seen().iter().all(|request| request.is_signed_with("secret-1")));
    slow.release();
    settle().await;
    assert_eq!(report(&client).await.unwrap(), Ok(()));
    assert!(server.seen()[3].is_signed_with("secret-2"));
}

#[tokio::test]
async fn refresh_and_failure_are_shared() {
    let server = Server::start((0..3).map(|_| ok(REPORTED)).collect()).await;
    let slow = Slow::new([None, Some(key("2"))]);
    slow.0.gate.acquire().await.unwrap().forget();
    let client = client(&server, &slow);
    let first = report(&client);
    slow.is_asked(1).await;
    let others: Vec<_> = (0..3).map(|_| report(&client)).collect();
    settle().await;
    slow.release();
    assert_eq!(first.await.unwrap(), Err(ErrorKind::Credentials));
    slow.is_asked(2).await;
    slow.release();
    for other in others {
        assert_eq!(other.await.unwrap(), Ok(()));
    }
    assert_eq!(slow.asked(), 2);

    let slow = Slow::new([None, Some(key("2"))]);
    slow.0.gate.acquire().await.unwrap().forget();
    let client = self::client(&server, &slow);
    let calls: Vec<_> = (0..4).map(|_| report(&client)).collect();
    settle().await;
    slow.release();
    for call in calls {
        assert_eq!(call.await.unwrap(), Err(ErrorKind::Credentials));
    }
    assert_eq!(slow.asked(), 1);
}

/// Calls that wait for other credentials are not in flight, and leave room for calls with valid ones.
#[tokio::test(start_paused = true)]
async fn waiting_denied_calls_free_the_limiter() {
    let server = Server::start((0..4).map(|_| refusal(403, "AccessDenied")).collect()).await;
    let slow = Slow::new([Some(key("1"))]);
    let client = client(&server, &slow);
    let denied: Vec<_> = (0..4).map(|_| report(&client)).collect();
    while server.seen().len() < 4 || slow.asked() < 2 {
        tokio::task::yield_now().await;
    }
    settle().await;
    tokio::time::advance(Duration::from_secs(9)).await;
    let mut slots = Vec::new();
    for _ in 0..10 {
        slots.push(client.limiter().acquire(Quota::Other, Instant::now()).await.unwrap());
    }
    assert!(denied.iter().all(|call| !call.is_finished()));
}
