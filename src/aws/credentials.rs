//! Credentials, checked before requests are signed with them: the SDK panics on a key that headers cannot carry.

mod cache;

use std::sync::Once;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, Result, SharedCredentialsProvider, future};

use crate::redact::unusable_in_credentials;
pub(super) use cache::CredentialCache;

/// Credentials of another provider, refused if they have characters that headers cannot carry.
#[derive(Debug)]
pub(super) struct Checked {
    provider: SharedCredentialsProvider,
    logged: Once,
}

impl Checked {
    pub(super) fn new(provider: SharedCredentialsProvider) -> Self {
        Self { provider, logged: Once::new() }
    }

    async fn load(&self) -> Result {
        let loaded = self.provider.provide_credentials().await?;
        match rejected_part(&loaded) {
            None => Ok(loaded),
            Some(rejected_part) => {
                self.logged.call_once(
                    || tracing::error!(event = "credentials.invalid", %rejected_part, "AWS credentials cannot be used"),
                );
                Err(CredentialsError::invalid_configuration(rejected_part))
            }
        }
    }
}

impl ProvideCredentials for Checked {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.load())
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.provider.fallback_on_interrupt().filter(|last| rejected_part(last).is_none())
    }
}

/// Names the part that is unusable and its class of characters; never the value.
fn rejected_part(credentials: &Credentials) -> Option<String> {
    let parts = [
        ("the access key id", Some(credentials.access_key_id())),
        ("the secret access key", Some(credentials.secret_access_key())),
        ("the session token", credentials.session_token()),
    ];
    parts.into_iter().find_map(|(part, value)| {
        let found = unusable_in_credentials(value?)?;
        Some(format!("{part} contains {found}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn credentials_error_hides_their_value() {
        for (id, secret, token, expected) in [
            ("AKIAX\n", "s", None, "the access key id contains a control character, such as a line end"),
            ("AKIAX", "s e", None, "the secret access key contains white space"),
            ("AKIAX", "s", Some("tök"), "the session token contains a character outside of ASCII"),
        ] {
            let attempt = Credentials::new(id, secret, token.map(str::to_owned), None, "test");
            let error = Checked::new(SharedCredentialsProvider::new(attempt)).load().await.unwrap_err();
            let text = format!("{error:?}");
            assert!(text.contains(expected) && !text.contains("AKIAX"), "{text}");
        }
        let attempt = Credentials::new("AKIAX", "s/+=", Some("t/+=".into()), None, "test");
        assert!(Checked::new(SharedCredentialsProvider::new(attempt)).load().await.is_ok());
    }
}
