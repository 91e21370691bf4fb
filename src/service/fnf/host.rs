//! Credentials that the function's host hands in with each of its requests.

use std::sync::{PoisonError, RwLock};

use aliyun_fnf::OfficialChain;
use aliyun_fnf::reqsign_aliyun_oss::Credential;
use aliyun_fnf::reqsign_core::time::Timestamp;
use aliyun_fnf::reqsign_core::{Context, ProvideCredential, Result};

/// The credentials of the newest request. Like the environment it belongs to the process: every request
/// brings the one role that the function has, only fresher.
static NEWEST: RwLock<Option<Credential>> = RwLock::new(None);

/// Signs all later calls of FnF with these.
#[cfg_attr(not(feature = "fc"), expect(dead_code, reason = "only Function Compute hands any in"))]
pub(crate) fn use_host_credentials(id: &str, secret: &str, token: &str) {
    let newest = Credential {
        access_key_id: id.to_owned(),
        access_key_secret: secret.to_owned(),
        security_token: Some(token).filter(|token| !token.is_empty()).map(str::to_owned),
        // They expire at once, so that no cache holds them: the next request brings fresher ones.
        expires_in: Some(Timestamp::now()),
    };
    *NEWEST.write().unwrap_or_else(PoisonError::into_inner) = Some(newest);
}

/// The host's credentials, and without any the official sources.
#[derive(Debug, Default)]
pub(super) struct HostFirst {
    official: OfficialChain,
}

impl ProvideCredential for HostFirst {
    type Credential = Credential;

    async fn provide_credential(&self, context: &Context) -> Result<Option<Credential>> {
        let newest = NEWEST.read().unwrap_or_else(PoisonError::into_inner).clone();
        match newest {
            Some(newest) => Ok(Some(newest)),
            None => self.official.provide_credential(context).await,
        }
    }
}
