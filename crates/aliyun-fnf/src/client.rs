use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use http::header::USER_AGENT;
use http_body_util::Full;
use jiff::Timestamp;
use taskback_http::HttpClient;
use tokio::time::Instant;

use crate::call::Call;
use crate::credentials::Cache;
use crate::endpoint::Endpoint;
use crate::{Error, Limiter, Operation};

mod builder;

pub use builder::ClientBuilder;

/// A client of FnF in one region. Clones are cheap and share connections, credentials and limiter.
///
/// It needs a tokio runtime with time and I/O on.
#[derive(Clone)]
pub struct Client(pub(crate) Arc<Inner>);

impl Client {
    /// Starts with the documented defaults; a region or an endpoint must be set.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Prepares a call; awaiting it sends it.
    pub fn call<O: Operation>(&self, request: O) -> Call<O> {
        Call::new(self.clone(), request)
    }

    /// The limiter that every call takes a slot of.
    pub fn limiter(&self) -> &Limiter {
        &self.0.limiter
    }

    /// Opens a connection ahead, so that the next call need not wait for TCP and TLS.
    ///
    /// It asks for `/` without any parameter, which names no operation, and ignores the answer and
    /// every fault. It helps only while the connection is kept: for the idle timeout of the
    /// builder, and as long as the service does not close it.
    pub async fn connect(&self) {
        let request = http::Request::get(format!("{}/", self.0.endpoint))
            .header(USER_AGENT, &self.0.user_agent)
            .body(Full::default());
        if let Ok(request) = request {
            let by = Instant::now() + self.0.http.connect_timeout() + self.0.read_timeout;
            let _ = self.0.http.send(request, self.0.read_timeout, by).await;
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.0.endpoint)
    }
}

pub(crate) struct Inner {
    pub(crate) http: HttpClient,
    pub(crate) endpoint: Endpoint,
    pub(crate) user_agent: HeaderValue,
    pub(crate) credentials: Cache,
    pub(crate) limiter: Limiter,
    pub(crate) read_timeout: Duration,
    clock: Clock,
    nonce: Nonce,
    /// Seconds that the service's clock is ahead of ours.
    ahead: AtomicI64,
}

pub(crate) type Clock = Box<dyn Fn() -> SystemTime + Send + Sync>;
pub(crate) type Nonce = Box<dyn Fn() -> Result<String, Error> + Send + Sync>;

impl Inner {
    /// The service's time, as far as we know it.
    pub(crate) fn now(&self) -> Timestamp {
        let ahead = jiff::SignedDuration::from_secs(self.ahead());
        let local = self.local();
        local.checked_add(ahead).unwrap_or(local)
    }

    pub(crate) fn nonce(&self) -> Result<String, Error> {
        (self.nonce)()
    }

    /// Seconds that the service's clock is believed to be ahead of ours.
    pub(crate) fn ahead(&self) -> i64 {
        self.ahead.load(Ordering::Relaxed)
    }

    /// Takes the service's time from the date of its answer, for this call and all later ones.
    /// `false` if there is no date, or if a call that was signed with `used` is as right already.
    pub(crate) fn correct_clock(&self, date: Option<&str>, used: i64) -> bool {
        let Some(date) = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) else { return false };
        let ahead = date.timestamp().as_second().saturating_sub(self.local().as_second());
        self.ahead.store(ahead, Ordering::Relaxed);
        ahead.abs_diff(used) > 1
    }

    fn local(&self) -> Timestamp {
        Timestamp::try_from((self.clock)()).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}
