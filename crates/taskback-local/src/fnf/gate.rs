use std::collections::HashMap;

use jiff::Timestamp;

use super::operation::Operation;
use super::params::Params;
use super::{invalid, missing, signature};
use crate::Config;
use crate::answer::Refusal;

/// Checks what every request must bring, before its operation is looked at.
pub(super) struct Gate {
    access_key_id: String,
    access_key_secret: String,
    /// Nonces by the second in which they came, kept as long as their time stamp could pass.
    nonces: HashMap<String, i64>,
    swept: i64,
}

/// How far a time stamp may be from the service's clock.
const MOST_SKEW: i64 = 15 * 60;

impl Gate {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            access_key_id: config.access_key_id.clone(),
            access_key_secret: config.access_key_secret.clone(),
            nonces: HashMap::new(),
            swept: 0,
        }
    }

    /// The operation that the request may go on to.
    pub(super) fn admit(
        &mut self,
        method: &str,
        params: &Params,
        now: Timestamp,
    ) -> Result<Operation, Refusal> {
        let need = |name| params.get(name).filter(|value| !value.is_empty()).ok_or_else(|| missing(name));
        let (action, version) = (need("Action")?, need("Version")?);
        let (key, given) = (need("AccessKeyId")?, need("Signature")?);
        let (stamp, nonce) = (need("Timestamp")?, need("SignatureNonce")?);
        let (scheme, scheme_version) = (need("SignatureMethod")?, need("SignatureVersion")?);
        if version != "2019-03-15" {
            return Err(Refusal::bad_request("APIVersionNotSupported", "The version must be 2019-03-15."));
        }
        let Some(operation) = Operation::named(action) else {
            return Err(Refusal::bad_request("ActionNotSupported", "The requested action is not supported."));
        };
        let wanted = operation.method();
        if method != wanted {
            let message = format!("The HTTP method must be {wanted}.");
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
        if (second - seconds(stamp)?).abs() > MOST_SKEW {
            return Err(skewed());
        }
        if !signature::matches(method, params, &self.access_key_secret, given) {
            let message = "The signature does not match what the request is signed with here.";
            return Err(Refusal::forbidden("SignatureNotMatch", message));
        }
        // Only now: a nonce of a request that was not its owner's must not use the owner's up.
        self.use_up(nonce, second)?;
        Ok(operation)
    }

    fn use_up(&mut self, nonce: &str, second: i64) -> Result<(), Refusal> {
        if second - self.swept > MOST_SKEW {
            self.nonces.retain(|_, came| second - *came <= 2 * MOST_SKEW);
            self.swept = second;
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

pub(super) fn skewed() -> Refusal {
    let message = "The request's Timestamp is more than 15 minutes from the service's clock.";
    Refusal::forbidden("RequestTimeTooSkewed", message)
}

/// Seconds since 1970 of a time of the one form that is allowed.
fn seconds(stamp: &str) -> Result<i64, Refusal> {
    let formed = stamp.len() == 20 && stamp.as_bytes()[10] == b'T' && stamp.ends_with('Z');
    let parsed = formed.then(|| stamp.parse::<Timestamp>().ok()).flatten();
    parsed.map(Timestamp::as_second).ok_or_else(|| invalid("Timestamp must be YYYY-MM-DDThh:mm:ssZ."))
}
