use std::fmt;
use std::time::Duration;

use reqsign_aliyun_oss::{
    AssumeRoleWithOidcCredentialProvider, ConfigFileCredentialProvider, Credential,
    CredentialsFileCredentialProvider, CredentialsUriCredentialProvider, EcsRamRoleCredentialProvider,
    EnvCredentialProvider,
};
use reqsign_core::{Context, Error, ErrorKind, ProvideCredential, ProvideCredentialDyn, Result};
use tokio::time::timeout;

/// Alibaba Cloud's sources of credentials in the order of its own SDKs. The first one that has credentials is used; one
/// that fails is skipped.
///
/// 1. `ALIBABA_CLOUD_ACCESS_KEY_ID`, `ALIBABA_CLOUD_ACCESS_KEY_SECRET`, `ALIBABA_CLOUD_SECURITY_TOKEN`
/// 2. OIDC: `ALIBABA_CLOUD_ROLE_ARN`, `ALIBABA_CLOUD_OIDC_PROVIDER_ARN`, `ALIBABA_CLOUD_OIDC_TOKEN_FILE`
/// 3. `~/.aliyun/config.json`, static keys only
/// 4. `~/.alibabacloud/credentials.ini`, static keys only
/// 5. the RAM role of the ECS machine, unless `ALIBABA_CLOUD_ECS_METADATA_DISABLED` is `true`
/// 6. `ALIBABA_CLOUD_CREDENTIALS_URI`
///
/// An empty variable is unset. The ECS metadata server has 2 s in total, each other source 10 s, so that a machine without
/// it does not hang.
pub struct OfficialChain {
    sources: Vec<Source>,
}

struct Source {
    name: &'static str,
    limit: Duration,
    provider: Box<dyn ProvideCredentialDyn<Credential = Credential>>,
}

impl OfficialChain {
    /// Makes a chain of all six sources.
    pub fn new() -> Self {
        Self {
            sources: vec![
                source("environment", 10, EnvCredentialProvider::new()),
                source("OIDC", 10, AssumeRoleWithOidcCredentialProvider::new()),
                source("config.json", 10, ConfigFileCredentialProvider::new()),
                source("credentials.ini", 10, CredentialsFileCredentialProvider::new()),
                source("ECS RAM role", 2, EcsRamRoleCredentialProvider::new()),
                source("credentials URI", 10, CredentialsUriCredentialProvider::new()),
            ],
        }
    }
}

impl Default for OfficialChain {
    fn default() -> Self {
        Self::new()
    }
}

impl ProvideCredential for OfficialChain {
    type Credential = Credential;

    // Not reqsign's own chain, because it logs the errors of its providers with everything that they quote.
    async fn provide_credential(&self, context: &Context) -> Result<Option<Credential>> {
        let mut results = Vec::new();
        for Source { name, limit, provider } in &self.sources {
            match timeout(*limit, provider.provide_credential_dyn(context)).await {
                Ok(Ok(Some(found))) => return Ok(Some(found)),
                Ok(Ok(None)) => results.push(format!("{name}: none")),
                Ok(Err(error)) => results.push(format!("{name}: {}", error.kind())),
                Err(_) => results.push(format!("{name}: no response in {limit:?}")),
            }
        }
        let message = format!("{NOT_FOUND}{}", results.join(", "));
        Err(Error::new(ErrorKind::ConfigInvalid, message))
    }
}

impl fmt::Debug for OfficialChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.sources.iter().map(|source| source.name)).finish()
    }
}

/// Describes a provider's error without secrets: the message of the chain itself, or the kind of another one.
pub(super) fn describe(error: &Error) -> String {
    let message = error.to_string();
    if message.starts_with(NOT_FOUND) {
        message
    } else {
        format!("the credentials provider failed: {}", error.kind())
    }
}

const NOT_FOUND: &str = "no credentials found; ";

fn source(
    name: &'static str,
    seconds: u64,
    provider: impl ProvideCredential<Credential = Credential>,
) -> Source {
    Source { name, limit: Duration::from_secs(seconds), provider: Box::new(provider) }
}
