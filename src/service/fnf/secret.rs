//! FnF's credentials out of a secret that AWS keeps.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use aliyun_fnf::reqsign_aliyun_oss::Credential;
use aliyun_fnf::reqsign_core::{self as reqsign, Context, ProvideCredential};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use serde_json::Value;
use taskback_core::printable;

use crate::error::{Error, ErrorKind};
use crate::redact::unusable_in_credentials;

/// Credentials that a secret in AWS Secrets Manager holds as a JSON object:
/// `{"accessKeyId":"…","accessKeySecret":"…","securityToken"?:"…"}`; other members are left alone.
///
/// It is read at start, and again whenever FnF refuses the credentials, so that a rotation needs no new
/// deployment. Its only permission is `secretsmanager:GetSecretValue` on the secret.
pub struct FnfSecret {
    client: Client,
    id: String,
    /// What was read at start, until it is asked for.
    first: Mutex<Option<Credential>>,
}

impl FnfSecret {
    /// Reads the secret of that ARN or name. The error names what is wrong with it, never a value.
    pub async fn read(client: Client, id: impl Into<String>) -> Result<Self, Error> {
        let secret = Self { client, id: id.into(), first: Mutex::default() };
        let first = secret
            .fetch()
            .await
            .map_err(|reason| Error::new(ErrorKind::Unusable, format!("FNF_SECRET_ID: {reason}")))?;
        *secret.first.lock().unwrap_or_else(PoisonError::into_inner) = Some(first);
        Ok(secret)
    }

    async fn fetch(&self) -> Result<Credential, String> {
        let call = self.client.get_secret_value().secret_id(&self.id);
        let answer = call.send().await.map_err(|error| unread(&error))?;
        credential(answer.secret_string().ok_or("the secret is binary, and must be text")?)
    }
}

impl ProvideCredential for FnfSecret {
    type Credential = Credential;

    async fn provide_credential(&self, _context: &Context) -> reqsign::Result<Option<Credential>> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        if first.is_some() {
            return Ok(first);
        }
        let read = self.fetch().await;
        let read = read.inspect_err(|reason| {
            tracing::error!(
                event = "credentials.not_read",
                reason,
                "failed to read the secret of FNF_SECRET_ID again"
            )
        });
        read.map(Some).map_err(reqsign::Error::unexpected)
    }
}

/// As little as can be: neither the id's account nor anything of the credentials.
impl fmt::Debug for FnfSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FnfSecret")
    }
}

/// The code of an error: its text may name account and role.
fn unread<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    format!("the secret could not be read: {}", printable(error.code().unwrap_or("no answer"), 128))
}

/// By hand, since an error of serde's may quote what it does not like.
fn credential(text: &str) -> Result<Credential, String> {
    let Ok(Value::Object(members)) = serde_json::from_str(text) else {
        return Err("the secret is no JSON object".into());
    };
    let text_of = |name: &str| match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(_) => Err(format!("the secret's {name} is no text")),
    };
    for name in ["accessKeyId", "accessKeySecret", "securityToken"] {
        if let Some(found) = text_of(name)?.as_deref().and_then(unusable_in_credentials) {
            return Err(format!("the secret's {name} contains {found}"));
        }
    }
    let needed = |name: &str| text_of(name)?.ok_or_else(|| format!("the secret has no {name}"));
    Ok(Credential {
        access_key_id: needed("accessKeyId")?,
        access_key_secret: needed("accessKeySecret")?,
        security_token: text_of("securityToken")?,
        expires_in: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_token_is_optional() {
        let read = credential(r#"{"accessKeyId":"i","accessKeySecret":"s","more":1}"#).unwrap();
        assert_eq!((&*read.access_key_id, &*read.access_key_secret, read.security_token), ("i", "s", None));
        for (token, expected) in [(r#""t""#, Some("t")), (r#""""#, None), ("null", None)] {
            let text = format!(r#"{{"accessKeyId":"i","accessKeySecret":"s","securityToken":{token}}}"#);
            assert_eq!(credential(&text).unwrap().security_token.as_deref(), expected);
        }
    }

    #[test]
    fn secret_error_names_field_without_value() {
        for (text, expected) in [
            ("hidden", "the secret is no JSON object"),
            (r#"["hidden"]"#, "the secret is no JSON object"),
            (r#"{"accessKeySecret":"hidden"}"#, "the secret has no accessKeyId"),
            (r#"{"accessKeyId":"hidden"}"#, "the secret has no accessKeySecret"),
            (r#"{"accessKeyId":"hidden","accessKeySecret":""}"#, "the secret has no accessKeySecret"),
            (r#"{"accessKeyId":{"hidden":1}}"#, "the secret's accessKeyId is no text"),
            (
                r#"{"accessKeyId":"hidden","accessKeySecret":"hidden","securityToken":7}"#,
                "the secret's securityToken is no text",
            ),
            (
                r#"{"accessKeyId":"hidden\n","accessKeySecret":"hidden"}"#,
                "the secret's accessKeyId contains a control character, such as a line end",
            ),
            (
                r#"{"accessKeyId":"hidden","accessKeySecret":"hid den"}"#,
                "the secret's accessKeySecret contains white space",
            ),
        ] {
            assert_eq!(credential(text).unwrap_err(), expected, "{text}");
        }
    }
}
