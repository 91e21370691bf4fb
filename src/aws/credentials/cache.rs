//! The credentials of a source, cached and refreshed before they expire.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{
    ProvideCredentials, Result as Provided, SharedCredentialsProvider, future,
};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

/// The credentials of another provider, from which clones and the clients of the SDKs share one request at a time.
///
/// The request runs on a task of its own, so a caller that stops waiting does not cancel it for the others. A call waits
/// for it only if the cached credentials have expired or were refused, and never longer than its own deadline.
#[derive(Clone)]
pub(crate) struct CredentialCache(Arc<Inner>);

struct Inner {
    provider: SharedCredentialsProvider,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    cached: Option<Cached>,
    /// The result of the request in progress.
    running: Option<watch::Receiver<Option<Loaded>>>,
    /// The begin of the last request.
    asked: Option<Instant>,
}

#[derive(Clone)]
struct Cached {
    credentials: Credentials,
    since: Instant,
}

type Loaded = Result<Credentials, Arc<CredentialsError>>;

/// Cached credentials are replaced this long before they expire.
const AHEAD: Duration = Duration::from_secs(5 * 60);
/// The maximum age of credentials without an expiry: a profile file may have others by then, as in the SDKs.
const MAX_AGE: Duration = Duration::from_secs(15 * 60);
/// The time between two requests while the cached credentials are still valid: a source may return the same ones until
/// they expire.
const PAUSE: Duration = Duration::from_secs(30);
/// The maximum time of a request, which covers every source of the chain with its retries.
const MAX_REQUEST_TIME: Duration = Duration::from_secs(60);

impl CredentialCache {
    pub(crate) fn new(provider: SharedCredentialsProvider) -> Self {
        Self(Arc::new(Inner { provider, state: Mutex::default() }))
    }

    /// Returns credentials that are valid at `now`, the service's time.
    pub(crate) async fn get(&self, now: SystemTime, deadline: Instant) -> Loaded {
        let request = {
            let mut state = self.0.state();
            if let Some(cached) = state.cached.clone().filter(|cached| cached.is_valid(now)) {
                if cached.is_due(now) && state.may_ask() {
                    self.request(&mut state);
                }
                return Ok(cached.credentials);
            }
            self.request(&mut state)
        };
        result(request, deadline).await
    }

    /// Returns other credentials than those that the service refused, if the source has any by now.
    #[cfg_attr(not(feature = "aws-reports"), expect(dead_code, reason = "only signed calls refresh"))]
    pub(crate) async fn replacement_for(
        &self,
        refused: &Credentials,
        deadline: Instant,
    ) -> Option<Credentials> {
        let differs = |other: &Credentials| other != refused;
        let request = {
            let mut state = self.0.state();
            let cached = state.cached.as_ref().map(|cached| cached.credentials.clone());
            if let Some(other) = cached.filter(differs) {
                return Some(other);
            }
            self.request(&mut state)
        };
        result(request, deadline).await.ok().filter(differs)
    }

    /// Joins the request in progress, or starts one.
    fn request(&self, state: &mut State) -> watch::Receiver<Option<Loaded>> {
        // A sender that is gone without a result ended with its runtime.
        if let Some(running) = state.running.as_ref().filter(|running| running.has_changed().is_ok()) {
            return running.clone();
        }
        let (sender, receiver) = watch::channel(None);
        state.running = Some(receiver.clone());
        state.asked = Some(Instant::now());
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            let loaded = timeout(MAX_REQUEST_TIME, inner.provider.provide_credentials()).await;
            let loaded =
                loaded.unwrap_or_else(|_| Err(CredentialsError::provider_timed_out(MAX_REQUEST_TIME)));
            let mut state = inner.state();
            if let Ok(credentials) = &loaded {
                state.cached = Some(Cached { credentials: credentials.clone(), since: Instant::now() });
            }
            state.running = None;
            drop(state);
            sender.send_replace(Some(loaded.map_err(Arc::new)));
        });
        receiver
    }
}

/// The result of a request, at most until `deadline`.
async fn result(mut request: watch::Receiver<Option<Loaded>>, deadline: Instant) -> Loaded {
    let begin = Instant::now();
    let late = || Err(Arc::new(CredentialsError::provider_timed_out(begin.elapsed())));
    match timeout_at(deadline, request.wait_for(Option::is_some)).await {
        Ok(Ok(loaded)) => loaded.clone().unwrap_or_else(late),
        // Its runtime ended, or the time is over.
        Ok(Err(_)) | Err(_) => late(),
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn may_ask(&self) -> bool {
        self.asked.is_none_or(|asked| asked.elapsed() >= PAUSE)
    }
}

impl Cached {
    fn is_valid(&self, now: SystemTime) -> bool {
        self.credentials.expiry().is_none_or(|expiry| now < expiry)
    }

    /// Returns `true` if a later call should have other credentials.
    fn is_due(&self, now: SystemTime) -> bool {
        match self.credentials.expiry() {
            Some(expiry) => now + AHEAD >= expiry,
            None => self.since.elapsed() >= MAX_AGE,
        }
    }
}

/// For the clients of the SDKs, which bound the wait themselves.
impl ProvideCredentials for CredentialCache {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let loaded = self.get(SystemTime::now(), Instant::now() + MAX_REQUEST_TIME).await;
            loaded.map_err(copy) as Provided
        })
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.0.provider.fallback_on_interrupt()
    }
}

/// An error of the same kind, with the shared one as its source.
fn copy(error: Arc<CredentialsError>) -> CredentialsError {
    match &*error {
        CredentialsError::CredentialsNotLoaded(_) => CredentialsError::not_loaded(Cause(error)),
        CredentialsError::InvalidConfiguration(_) => CredentialsError::invalid_configuration(Cause(error)),
        _ => CredentialsError::provider_error(Cause(error)),
    }
}

#[derive(Debug)]
struct Cause(Arc<CredentialsError>);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// Opaque: it holds credentials.
impl fmt::Debug for CredentialCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialCache")
    }
}

#[cfg(test)]
mod tests;
