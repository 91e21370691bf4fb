//! AWS Signature Version 4 in request headers, from the service's side.

mod canonical;
mod hex;

use hmac::{Hmac, KeyInit, Mac};
use http::StatusCode;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::config::Config;
use crate::request::Request;
use crate::response::Refusal;
use hex::{hex, unhex};

/// The verifier of the requests to all AWS services, which share the key of the [`Config`].
///
/// Any region is accepted, and a session token is accepted unchecked.
pub(crate) struct SigV4 {
    access_key_id: String,
    access_key_secret: String,
}

/// What differs between AWS services in the verification.
#[derive(Clone, Copy)]
pub(crate) struct Scheme {
    /// The service's name in the scope of its signatures.
    pub(crate) signing_name: &'static str,
    /// The status of a refused signature: 400 in the JSON protocols, 403 in the REST protocols.
    pub(crate) status: StatusCode,
}

/// The maximum difference between a signature's time and the service's clock, in seconds.
const MAX_SKEW: i64 = 5 * 60;

impl SigV4 {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            access_key_id: config.access_key_id.clone(),
            access_key_secret: config.access_key_secret.clone(),
        }
    }

    /// Checks that the request with this body was signed for the service, with the key and within 5 min.
    pub(crate) fn verify(
        &self,
        request: &Request,
        body: &[u8],
        scheme: Scheme,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let refuse = |code, message: String| Err(Refusal::new(scheme.status, code, message));
        let Some(header) = request.header("authorization") else {
            return refuse("MissingAuthenticationTokenException", "Missing Authentication Token".to_owned());
        };
        let stamp = request.header("x-amz-date").and_then(Stamp::parse);
        let (Some(authorization), Some(stamp)) = (Authorization::parse(header), stamp) else {
            let message = "Authorization header requires Credential, SignedHeaders and Signature with \
                           AWS4-HMAC-SHA256, and an X-Amz-Date header (YYYYMMDDThhmmssZ).";
            return refuse("IncompleteSignatureException", message.to_owned());
        };
        if authorization.access_key_id != self.access_key_id {
            let message = "The security token included in the request is invalid.";
            return refuse("UnrecognizedClientException", message.to_owned());
        }
        let scope = &authorization.scope;
        let invalid = |message: String| refuse("InvalidSignatureException", message);
        if scope.service != scheme.signing_name {
            let expected = scheme.signing_name;
            return invalid(format!("Credential should be scoped to correct service: '{expected}'."));
        }
        if scope.date != stamp.date() {
            return invalid("Date in Credential scope does not match the date of X-Amz-Date.".to_owned());
        }
        if let Some(header) = authorization.unsigned(request) {
            return invalid(format!("'{header}' must be a 'SignedHeader' in the AWS Authorization."));
        }
        stamp.check(now).or_else(invalid)?;
        let canonical = canonical::request(request, authorization.signed_headers, body);
        let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{}", stamp.text, hex(&Sha256::digest(canonical)));
        if !self.signs(scope, &text, authorization.signature) {
            let message = "The request signature we calculated does not match the signature you provided. Check \
                           your AWS Secret Access Key and signing method. Consult the service documentation for \
                           details.";
            return invalid(message.to_owned());
        }
        Ok(())
    }

    fn signs(&self, scope: &Scope<'_>, text: &str, signature: &str) -> bool {
        let mut key = format!("AWS4{}", self.access_key_secret).into_bytes();
        for part in [scope.date, scope.region, scope.service, "aws4_request"] {
            let Some(mac) = mac(&key, part) else { return false };
            key = mac.finalize().into_bytes().to_vec();
        }
        let (Some(mac), Some(signature)) = (mac(&key, text), unhex(signature)) else { return false };
        mac.verify_slice(&signature).is_ok()
    }
}

/// The parts of the header `Authorization`.
#[derive(Debug, PartialEq)]
struct Authorization<'a> {
    access_key_id: &'a str,
    scope: Scope<'a>,
    signed_headers: &'a str,
    signature: &'a str,
}

#[derive(Debug, PartialEq)]
struct Scope<'a> {
    date: &'a str,
    region: &'a str,
    service: &'a str,
}

impl<'a> Authorization<'a> {
    /// `AWS4-HMAC-SHA256 Credential=ID/DATE/REGION/SERVICE/aws4_request, SignedHeaders=A;B, Signature=HEX`
    fn parse(text: &'a str) -> Option<Self> {
        let parts = text.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let part = |name| parts.split(',').find_map(|part| part.trim().strip_prefix(name));
        let mut credential = part("Credential=")?.rsplitn(5, '/');
        if credential.next() != Some("aws4_request") {
            return None;
        }
        let (service, region, date) = (credential.next()?, credential.next()?, credential.next()?);
        Some(Self {
            access_key_id: credential.next()?,
            scope: Scope { date, region, service },
            signed_headers: part("SignedHeaders=")?,
            signature: part("Signature=")?,
        })
    }

    /// The first header of the request that must be signed and is not.
    fn unsigned<'r>(&self, request: &'r Request) -> Option<&'r str> {
        let is_signed = |name: &str| self.signed_headers.split(';').any(|signed| signed == name);
        let amazon =
            request.headers.keys().map(|name| name.as_str()).filter(|name| name.starts_with("x-amz-"));
        std::iter::once("host").chain(amazon).find(|name| !is_signed(name))
    }
}

impl std::fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}/aws4_request", self.date, self.region, self.service)
    }
}

/// The time of a signature.
struct Stamp<'a> {
    text: &'a str,
    at: Timestamp,
}

impl<'a> Stamp<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let has_format = text.len() == 16 && text.as_bytes()[8] == b'T' && text.ends_with('Z');
        let at = has_format.then(|| text.parse().ok()).flatten()?;
        Some(Self { text, at })
    }

    fn date(&self) -> &'a str {
        &self.text[..8]
    }

    fn check(&self, now: Timestamp) -> Result<(), String> {
        let (text, ahead) = (self.text, self.at.as_second() - now.as_second());
        let now = now.strftime("%Y%m%dT%H%M%SZ");
        if ahead < -MAX_SKEW {
            Err(format!("Signature expired: {text} is now earlier than {now} - 5 min."))
        } else if ahead > MAX_SKEW {
            Err(format!("Signature not yet current: {text} is still later than {now} + 5 min."))
        } else {
            Ok(())
        }
    }
}

fn mac(key: &[u8], text: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}

#[cfg(test)]
mod tests;
