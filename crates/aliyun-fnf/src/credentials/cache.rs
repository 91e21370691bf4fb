use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqsign_aliyun_oss::Credential;
use reqsign_core::{Context, ProvideCredentialDyn, SigningCredential};
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, timeout, timeout_at};

use super::chain;
use super::keys::Credentials;
use crate::error::{Error, ErrorKind};

pub(crate) type Provider = Arc<dyn ProvideCredentialDyn<Credential = Credential>>;

/// The credentials of a provider, cached until two minutes before they expire.
///
/// The provider gets one request at a time, on a task of its own, so that a caller that times out does not cancel it for
/// the others. A call waits for it only if the cached credentials have expired or were rejected.
pub(crate) struct Cache(Arc<Inner>);

struct Inner {
    provider: Provider,
    context: Context,
    state: Mutex<State>,
    /// Held by the request in progress. Cached credentials are read without it.
    request_lock: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct State {
    cached: Option<Credential>,
    /// The number of requests so far.
    requests: u64,
    /// The number of the last completed request, and its error.
    last: Option<(u64, Option<Error>)>,
}

/// The time that a call waits for fresher credentials while the cached ones are still valid.
const REFRESH_WAIT: Duration = Duration::from_millis(500);
/// The maximum time of a request: more than the official chain needs for all of its sources.
const MAX_REQUEST_TIME: Duration = Duration::from_secs(60);

impl Cache {
    pub(crate) fn new(provider: Provider, context: Context) -> Self {
        Self(Arc::new(Inner { provider, context, state: Mutex::default(), request_lock: Arc::default() }))
    }

    /// Returns credentials that are valid at `now`, the service's time.
    pub(crate) async fn get(&self, now: Timestamp, deadline: Instant) -> Result<Credentials, Error> {
        let earlier = self.0.state().requests;
        let valid =
            |seconds| self.0.state().cached.clone().filter(|cached| is_valid_for(cached, now, seconds));
        if let Some(fresh) = valid(120) {
            return Ok(fresh.into());
        }
        let credential = match valid(0) {
            Some(last) => {
                // If a request is in progress already, its result is for a later call.
                let Ok(lock) = Arc::clone(&self.0.request_lock).try_lock_owned() else {
                    return Ok(last.into());
                };
                let result =
                    timeout_at(deadline.min(Instant::now() + REFRESH_WAIT), self.0.request(lock)).await;
                result.ok().and_then(Result::ok).unwrap_or(last)
            }
            None => {
                let fresh = |cached: &Credential| is_valid_for(cached, now, 120);
                in_time(deadline, self.0.refresh(earlier, fresh)).await?
            }
        };
        Ok(credential.into())
    }

    /// Returns other credentials than those that the service rejected, if the provider has any by now.
    pub(crate) async fn replacement_for(
        &self,
        rejected: &Credentials,
        deadline: Instant,
    ) -> Option<Credentials> {
        let differs = |cached: &Credential| Credentials::from(cached.clone()) != *rejected;
        let earlier = self.0.state().requests;
        let cached = self.0.state().cached.clone().filter(differs);
        let credential = match cached {
            Some(cached) => cached,
            None => in_time(deadline, self.0.refresh(earlier, differs)).await.ok()?,
        };
        differs(&credential).then(|| credential.into())
    }
}

impl Inner {
    /// Returns the result of a request after the `earlier` ones, by this call or another, unless the cached credentials
    /// are `enough` meanwhile.
    async fn refresh(
        self: &Arc<Self>,
        earlier: u64,
        enough: impl Fn(&Credential) -> bool,
    ) -> Result<Credential, Error> {
        let lock = Arc::clone(&self.request_lock).lock_owned().await;
        let known = {
            let state = self.state();
            let cached = state.cached.clone();
            match (&state.last, cached) {
                (_, Some(cached)) if enough(&cached) => Some(Ok(cached)),
                (Some((number, Some(error))), _) if *number > earlier => Some(Err(error.clone())),
                (Some((number, None)), Some(cached)) if *number > earlier => Some(Ok(cached)),
                _ => None,
            }
        };
        match known {
            Some(result) => result,
            None => self.request(lock).await,
        }
    }

    /// Requests credentials from the provider. The request continues if the caller stops waiting.
    async fn request(self: &Arc<Self>, lock: OwnedMutexGuard<()>) -> Result<Credential, Error> {
        let this = Arc::clone(self);
        let request = tokio::spawn(async move {
            let number = {
                let mut state = this.state();
                state.requests += 1;
                state.requests
            };
            let loaded = timeout(MAX_REQUEST_TIME, this.load()).await;
            let loaded = loaded.unwrap_or_else(|_| Err(failed("the credentials provider did not answer")));
            let mut state = this.state();
            state.last = Some((number, loaded.as_ref().err().cloned()));
            if let Ok(loaded) = &loaded {
                state.cached = Some(loaded.clone());
            }
            drop(state);
            drop(lock);
            loaded
        });
        request.await.unwrap_or_else(|_| Err(failed("the credentials provider panicked")))
    }

    async fn load(&self) -> Result<Credential, Error> {
        // A provider's message may quote a server. Only its kind is shown, except for the official chain, whose messages
        // are this crate's own.
        match self.provider.provide_credential_dyn(&self.context).await {
            Ok(Some(loaded)) => Credentials::from(loaded.clone()).check().map(|_| loaded),
            Ok(None) => Err(failed("the credentials provider has no credentials")),
            Err(error) => Err(failed(chain::describe(&error))),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Credentials, message)
}

async fn in_time<T>(deadline: Instant, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    timeout_at(deadline, work).await.unwrap_or_else(|_| Err(failed("no credentials before the deadline")))
}

fn is_valid_for(credential: &Credential, now: Timestamp, seconds: i64) -> bool {
    let then = now.as_second().saturating_add(seconds);
    reqsign_core::time::Timestamp::from_second(then).is_ok_and(|then| credential.is_valid_at(then))
}
