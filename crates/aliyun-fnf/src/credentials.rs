use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use reqsign_core::{Context, ProvideCredentialDyn, SigningCredential};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use crate::{Error, ErrorKind};

mod chain;
mod context;

pub use chain::OfficialChain;
pub(crate) use context::{Asker, OfficialEnv, Reader};

/// An access key, with a security token when it is temporary. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub(crate) access_key_id: String,
    pub(crate) access_key_secret: String,
    pub(crate) security_token: Option<String>,
}

impl Credentials {
    /// A long-lived key, or with [`security_token`](Self::security_token) a temporary one.
    pub fn new(access_key_id: impl Into<String>, access_key_secret: impl Into<String>) -> Self {
        let (id, secret) = (access_key_id.into(), access_key_secret.into());
        Self { access_key_id: id, access_key_secret: secret, security_token: None }
    }

    /// The token of temporary credentials. Empty means none.
    pub fn security_token(mut self, token: impl Into<String>) -> Self {
        self.security_token = Some(token.into()).filter(|token| !token.is_empty());
        self
    }

    pub(crate) fn check(self) -> Result<Self, Error> {
        if self.access_key_id.is_empty() || self.access_key_secret.is_empty() {
            return Err(Error::new(ErrorKind::Credentials, "access key id or secret is empty"));
        }
        Ok(self)
    }
}

impl From<reqsign_aliyun_oss::Credential> for Credentials {
    fn from(from: reqsign_aliyun_oss::Credential) -> Self {
        Self::new(from.access_key_id, from.access_key_secret)
            .security_token(from.security_token.unwrap_or_default())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.security_token.is_some() { "temporary" } else { "static" };
        write!(f, "Credentials({kind})")
    }
}

pub(crate) type Provider = Arc<dyn ProvideCredentialDyn<Credential = reqsign_aliyun_oss::Credential>>;

/// What a provider gave, kept until two minutes before it expires.
pub(crate) struct Cache {
    provider: Provider,
    context: Context,
    kept: Mutex<Option<reqsign_aliyun_oss::Credential>>,
}

impl Cache {
    pub(crate) fn new(provider: Provider, context: Context) -> Self {
        Self { provider, context, kept: Mutex::new(None) }
    }

    /// Credentials that are good at `now`, the service's time. Others that ask meanwhile wait for
    /// the same answer.
    pub(crate) async fn get(&self, now: Timestamp, by: Instant) -> Result<Credentials, Error> {
        in_time(by, async {
            let mut kept = self.kept.lock().await;
            if let Some(fresh) = kept.as_ref().filter(|kept| good_at(kept, now, 120)) {
                return Ok(fresh.clone().into());
            }
            match self.load().await {
                Ok(loaded) => Ok(kept.insert(loaded).clone().into()),
                Err(error) => match kept.as_ref().filter(|kept| good_at(kept, now, 0)) {
                    Some(last) => Ok(last.clone().into()),
                    None => Err(error),
                },
            }
        })
        .await
    }

    /// Other credentials than those the service refused, if the provider has any by now.
    pub(crate) async fn instead_of(&self, refused: &Credentials, by: Instant) -> Option<Credentials> {
        let other = |found: &reqsign_aliyun_oss::Credential| {
            let found = Credentials::from(found.clone());
            (found != *refused).then_some(found)
        };
        in_time(by, async {
            let mut kept = self.kept.lock().await;
            if let Some(renewed) = kept.as_ref().and_then(other) {
                return Ok(renewed);
            }
            let loaded = kept.insert(self.load().await?);
            other(loaded).ok_or_else(|| Error::new(ErrorKind::Credentials, "the same as before"))
        })
        .await
        .ok()
    }

    async fn load(&self) -> Result<reqsign_aliyun_oss::Credential, Error> {
        let failed = |message: String| Error::new(ErrorKind::Credentials, message);
        // A provider's own message may quote what a server sent it: only its kind is told, save
        // for our chain, which words its messages itself.
        match self.provider.provide_credential_dyn(&self.context).await {
            Ok(Some(loaded)) => Credentials::from(loaded.clone()).check().map(|_| loaded),
            Ok(None) => Err(failed("the credentials provider has none".to_owned())),
            Err(error) => Err(failed(chain::told(&error))),
        }
    }
}

async fn in_time<T>(by: Instant, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let late = || Error::new(ErrorKind::Credentials, "no credentials before the deadline");
    timeout_at(by, work).await.unwrap_or_else(|_| Err(late()))
}

fn good_at(credential: &reqsign_aliyun_oss::Credential, now: Timestamp, seconds_on: i64) -> bool {
    let then = now.as_second().saturating_add(seconds_on);
    reqsign_core::time::Timestamp::from_second(then).is_ok_and(|then| credential.is_valid_at(then))
}
