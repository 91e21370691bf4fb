use std::collections::HashMap;

use jiff::Timestamp;

use super::operation::FnfOperation;
use super::params::Params;
use super::refusal::{invalid, missing, skewed};
use super::signature;
use crate::config::Config;
use crate::response::Refusal;

/// The checks that every request must pass before its operation runs.
pub(super) struct Authenticator {
    access_key_id: String,
    access_key_secret: String,
    /// The second of arrival of each nonce, stored as long as its time stamp could be accepted.
    nonces: HashMap<String, i64>,
    last_cleanup: i64,
}

/// The maximum difference between a time stamp and the service's clock, in seconds.
const MAX_SKEW: i64 = 15 * 60;

impl Authenticator {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            access_key_id: config.access_key_id.clone(),
            access_key_secret: config.access_key_secret.clone(),
            nonces: HashMap::new(),
            last_cleanup: 0,
        }
    }

    /// Returns the operation of a request that passes all checks.
    pub(super) fn admit(
        &mut self,
        method: &str,
        params: &Params,
        now: Timestamp,
    ) -> Result<FnfOperation, Refusal> {
        let require = |name| params.get(name).filter(|value| !value.is_empty()).ok_or_else(|| missing(name));
        let (action, version) = (require("Action")?, require("Version")?);
        let (key, given) = (require("AccessKeyId")?, require("Signature")?);
        let (stamp, nonce) = (require("Timestamp")?, require("SignatureNonce")?);
        let (scheme, scheme_version) = (require("SignatureMethod")?, require("SignatureVersion")?);
        if version != "2019-03-15" {
            return Err(Refusal::bad_request("APIVersionNotSupported", "The version must be 2019-03-15."));
        }
        let Some(operation) = FnfOperation::from_name(action) else {
            return Err(Refusal::bad_request("ActionNotSupported", "The requested action is not supported."));
        };
        let expected = operation.method();
        if method != expected {
            let message = format!("The HTTP method must be {expected}.");
            return Err(Refusal::bad_request("UnsupportedHTTPMethod", message));
        }
        if (scheme, scheme_version) != ("HMAC-SHA1", "1.0") {
            return Err(invalid("SignatureMethod must be HMAC-SHA1 and SignatureVersion 1.0."));
        }
        if !params.get("Format").unwrap_or("json").eq_ignore_ascii_case("json") {
            return Err(invalid("Format must be json."));
        }
        if key != self.access_key_id {
            return Err(Refusal::forbidden("InvalidAccessKeyID", "The AccessKeyId is not known here."));
        }
        let second = now.as_second();
        if (second - parse_seconds(stamp)?).abs() > MAX_SKEW {
            return Err(skewed());
        }
        if !signature::matches(method, params, &self.access_key_secret, given) {
            let message = "The signature does not match what the request is signed with here.";
            return Err(Refusal::forbidden("SignatureNotMatch", message));
        }
        // After the signature, so that a forged request cannot use up the nonce of the key's owner.
        self.use_nonce(nonce, second)?;
        Ok(operation)
    }

    fn use_nonce(&mut self, nonce: &str, second: i64) -> Result<(), Refusal> {
        if second - self.last_cleanup > MAX_SKEW {
            self.nonces.retain(|_, arrival| second - *arrival <= 2 * MAX_SKEW);
            self.last_cleanup = second;
        }
        if nonce.len() > 256 {
            return Err(invalid("SignatureNonce has more than 256 bytes."));
        }
        match self.nonces.insert(nonce.to_owned(), second) {
            Some(_) => Err(Refusal::forbidden("SignatureNonceUsed", "The SignatureNonce was used before.")),
            None => Ok(()),
        }
    }
}

/// Parses a time in the one allowed format to seconds since 1970.
fn parse_seconds(stamp: &str) -> Result<i64, Refusal> {
    let has_format = stamp.len() == 20 && stamp.as_bytes()[10] == b'T' && stamp.ends_with('Z');
    let parsed = has_format.then(|| stamp.parse::<Timestamp>().ok()).flatten();
    parsed.map(Timestamp::as_second).ok_or_else(|| invalid("Timestamp must be YYYY-MM-DDThh:mm:ssZ."))
}
