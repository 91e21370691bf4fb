use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use jiff::Timestamp;
use taskback_http::HttpClient;

use crate::credentials::Cache;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::limiter::Limiter;

/// The shared parts of a client.
pub(crate) struct Inner {
    pub(crate) http: HttpClient,
    pub(crate) endpoint: Endpoint,
    pub(crate) user_agent: HeaderValue,
    pub(crate) credentials: Cache,
    pub(crate) limiter: Limiter,
    pub(crate) read_timeout: Duration,
    pub(crate) clock: Clock,
    pub(crate) nonce: Nonce,
    /// Seconds that the service's clock is ahead of the local one.
    pub(crate) clock_offset: AtomicI64,
}

pub(crate) type Clock = Box<dyn Fn() -> SystemTime + Send + Sync>;
pub(crate) type Nonce = Box<dyn Fn() -> Result<String, Error> + Send + Sync>;

impl Inner {
    /// The service's time, as far as it is known.
    pub(crate) fn now(&self) -> Timestamp {
        let offset = jiff::SignedDuration::from_secs(self.clock_offset());
        let local = self.local();
        local.checked_add(offset).unwrap_or(local)
    }

    pub(crate) fn nonce(&self) -> Result<String, Error> {
        (self.nonce)()
    }

    /// Seconds that the service's clock is believed to be ahead of the local one.
    pub(crate) fn clock_offset(&self) -> i64 {
        self.clock_offset.load(Ordering::Relaxed)
    }

    /// Sets the clock by the date of a response, for this call and all later ones. Returns `false` if there is no date,
    /// or if a call that was signed with the offset `used` was right already.
    pub(crate) fn correct_clock(&self, date: Option<&str>, used: i64) -> bool {
        let Some(date) = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) else { return false };
        let offset = date.timestamp().as_second().saturating_sub(self.local().as_second());
        self.clock_offset.store(offset, Ordering::Relaxed);
        offset.abs_diff(used) > 1
    }

    fn local(&self) -> Timestamp {
        Timestamp::try_from((self.clock)()).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}
