use std::fmt;

use crate::error::{Error, ErrorKind};

/// An access key, with a security token if it is temporary. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub(crate) access_key_id: String,
    pub(crate) access_key_secret: String,
    pub(crate) security_token: Option<String>,
}

impl Credentials {
    /// Makes a long-lived key, or with [`security_token`](Self::security_token) a temporary one.
    pub fn new(access_key_id: impl Into<String>, access_key_secret: impl Into<String>) -> Self {
        let (id, secret) = (access_key_id.into(), access_key_secret.into());
        Self { access_key_id: id, access_key_secret: secret, security_token: None }
    }

    /// Sets the token of temporary credentials. An empty text means none.
    pub fn security_token(mut self, token: impl Into<String>) -> Self {
        self.security_token = Some(token.into()).filter(|token| !token.is_empty());
        self
    }

    pub(crate) fn check(self) -> Result<Self, Error> {
        if self.access_key_id.is_empty() || self.access_key_secret.is_empty() {
            return Err(Error::new(
                ErrorKind::Credentials,
                "access key id or secret: empty, expected a key pair",
            ));
        }
        let parts = [
            ("access key id", Some(&self.access_key_id)),
            ("access key secret", Some(&self.access_key_secret)),
            ("security token", self.security_token.as_ref()),
        ];
        for (part, value) in parts {
            if let Some(class) = value.and_then(|value| unusable(value)) {
                let message = format!("the {part} contains {class}, expected visible ASCII characters only");
                return Err(Error::new(ErrorKind::Credentials, message));
            }
        }
        Ok(self)
    }
}

/// The class of the first character that cannot be part of a key pair. The text itself is never shown.
fn unusable(text: &str) -> Option<&'static str> {
    let unusable = text.chars().find(|c| !c.is_ascii_graphic())?;
    Some(match unusable {
        c if c.is_control() => "a control character, such as a line end",
        c if c.is_whitespace() => "white space",
        _ => "a character outside of ASCII",
    })
}

impl From<reqsign_aliyun_oss::Credential> for Credentials {
    fn from(credential: reqsign_aliyun_oss::Credential) -> Self {
        Self::new(credential.access_key_id, credential.access_key_secret)
            .security_token(credential.security_token.unwrap_or_default())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.security_token.is_some() { "temporary" } else { "static" };
        write!(f, "Credentials({kind})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_characters_are_named_without_value() {
        for (id, secret, token, expected) in [
            ("LTAIx\n", "s", "", "the access key id contains a control character"),
            ("LTAIx", " s", "", "the access key secret contains white space"),
            ("LTAIx", "s", "tök", "the security token contains a character outside of ASCII"),
        ] {
            let error = Credentials::new(id, secret).security_token(token).check().unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("LTAIx"), "{error}");
        }
        assert!(Credentials::new("LTAIx", "s").security_token("CAIS+/=").check().is_ok());
    }
}
