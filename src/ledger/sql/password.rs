//! The password of a database's user, read when a connection is made.

#[cfg(feature = "secrets")]
use std::sync::{Mutex, PoisonError};

#[cfg(feature = "secrets")]
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
#[cfg(feature = "secrets")]
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::driver::Failure;
use super::server::{DatabaseServer, PasswordSource};
use crate::aws::Clients;
#[cfg(feature = "secrets")]
use crate::aws::{Unsent, unsent};

/// A password, or how it is read.
pub(super) struct Password {
    source: PasswordSource,
    #[cfg(feature = "secrets")]
    secret: Option<Secret>,
}

#[cfg(feature = "secrets")]
struct Secret {
    client: aws_sdk_secretsmanager::Client,
    /// The last one that was read, until it is refused.
    last: Mutex<Option<String>>,
}

impl Password {
    pub(super) fn new(server: &DatabaseServer, clients: &Clients) -> Self {
        let source = server.password.clone();
        #[cfg(feature = "secrets")]
        return Self {
            secret: server.needs_aws().then(|| Secret { client: clients.secrets(), last: Mutex::default() }),
            source,
        };
        #[cfg(not(feature = "secrets"))]
        {
            let _ = clients;
            Self { source }
        }
    }

    /// Reads it. The error names its source and never a value.
    pub(super) async fn read(&self) -> Result<Option<String>, Failure> {
        match &self.source {
            PasswordSource::None => Ok(None),
            PasswordSource::Text(text) => Ok(Some(text.clone())),
            // A file of a few bytes, on a local disk: it may change while the process runs.
            PasswordSource::File(path) => match std::fs::read_to_string(path) {
                Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned())),
                Err(error) => {
                    Err(Failure::Refused(format!("password-file cannot be read: {}", error.kind())))
                }
            },
            #[cfg(feature = "secrets")]
            PasswordSource::Secret(id) => match &self.secret {
                Some(secret) => secret.read(id).await.map(Some),
                None => Ok(None),
            },
        }
    }

    /// Notes that the server refused it: it may have been rotated.
    pub(super) fn forget(&self) {
        #[cfg(feature = "secrets")]
        if let Some(secret) = &self.secret {
            *secret.last() = None;
        }
    }
}

#[cfg(feature = "secrets")]
impl Secret {
    async fn read(&self, id: &str) -> Result<String, Failure> {
        if let Some(last) = self.last().clone() {
            return Ok(last);
        }
        let refused = |reason: &str| Failure::Refused(format!("password-secret: {reason}"));
        let answer = self.client.get_secret_value().secret_id(id).send().await;
        let answer = answer.map_err(|error| unread(&error))?;
        let text = answer.secret_string().ok_or_else(|| refused("the secret is binary, and must be text"))?;
        let password = password(text).ok_or_else(|| refused("the secret is an object without `password`"))?;
        *self.last() = Some(password.clone());
        Ok(password)
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The failure to read a secret, by its code or its kind: the text may name account and role.
#[cfg(feature = "secrets")]
fn unread<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Failure {
    let unavailable = |reason: &str| Failure::Unavailable(format!("password-secret: {reason}"));
    let refused = |reason: &str| Failure::Refused(format!("password-secret: {reason}"));
    if let Some(code) = error.code().map(|code| taskback_core::printable(code, 128)) {
        let passes = ["Throttl", "TooMany", "LimitExceeded", "Internal", "Unavailable"];
        let is_passing = passes.iter().any(|part| code.contains(part));
        return if is_passing { unavailable(&code) } else { refused(&code) };
    }
    match error {
        SdkError::ConstructionFailure(_) => refused("the request could not be built; set AWS_REGION"),
        SdkError::DispatchFailure(failure) => match failure.as_connector_error().and_then(unsent) {
            Some(Unsent::NoCredentials(reason)) => refused(&reason),
            Some(Unsent::NoConnection(reason) | Unsent::CredentialsLate(reason)) => unavailable(&reason),
            None => unavailable("no answer"),
        },
        _ => unavailable("no answer"),
    }
}

/// The member of an object, as RDS writes its secrets, or else the whole text.
#[cfg(feature = "secrets")]
fn password(text: &str) -> Option<String> {
    match serde_json::from_str(text) {
        Ok(serde_json::Value::Object(members)) => members.get("password")?.as_str().map(str::to_owned),
        _ => Some(text.to_owned()),
    }
}

#[cfg(all(test, feature = "secrets"))]
mod tests {
    use super::*;

    #[test]
    fn secret_is_text_or_an_object() {
        for (text, expected) in [
            ("plain", Some("plain")),
            ("\"quoted\"", Some("\"quoted\"")),
            ("42", Some("42")),
            (r#"{"username":"u","password":"p"}"#, Some("p")),
            (r#"{"username":"u"}"#, None),
            (r#"{"password":7}"#, None),
        ] {
            assert_eq!(password(text).as_deref(), expected, "{text}");
        }
    }
}
