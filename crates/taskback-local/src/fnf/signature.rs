//! The service's side of RPC signature version 1.0, HMAC-SHA1.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;

use super::params::Params;

/// Returns whether `given` is the signature of this request with `secret`.
pub(super) fn matches(method: &str, params: &Params, secret: &str, given: &str) -> bool {
    let Ok(given) = BASE64_STANDARD.decode(given) else { return false };
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(format!("{secret}&").as_bytes()) else { return false };
    mac.update(string_to_sign(method, params).as_bytes());
    mac.verify_slice(&given).is_ok()
}

/// `METHOD&%2F&` and the encoded canonical query: every parameter except the signature.
pub(super) fn string_to_sign(method: &str, params: &Params) -> String {
    let signed = params.iter().filter(|(name, _)| *name != "Signature");
    let pairs: Vec<_> = signed.map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    format!("{method}&%2F&{}", encode(&pairs.join("&")))
}

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    const SECRET: &str = "TestAccessKeySecret0000000001";

    /// Each folder of `tests/sign` is a request as the official Python SDK built it.
    #[test]
    fn official_sdk_requests_verify() {
        let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sign");
        let mut seen = 0;
        for case in fs::read_dir(cases).unwrap() {
            let case = case.unwrap().path();
            let read = |name: &str| fs::read_to_string(case.join(name)).unwrap().trim_end().to_owned();
            let (method, signature) = (read("method"), read("signature"));
            let mut params = Params::default();
            params.add(&read("query")).unwrap();
            params.add(&read("body")).unwrap();
            assert_eq!(params.get("Signature"), Some(signature.as_str()), "{case:?}");
            assert_eq!(string_to_sign(&method, &params), read("string_to_sign"), "{case:?}");
            assert!(matches(&method, &params, SECRET, &signature), "{case:?}");
            assert!(!matches(&method, &params, "another", &signature), "{case:?}");
            assert!(!matches("PUT", &params, SECRET, &signature), "{case:?}");
            params.add("More=1").unwrap();
            assert!(!matches(&method, &params, SECRET, &signature), "{case:?}");
            seen += 1;
        }
        assert!(seen >= 3, "only {seen} cases were found");
    }

    #[test]
    fn malformed_signature_does_not_match() {
        for given in ["", "=", "not base64!", "AAAA"] {
            assert!(!matches("POST", &Params::default(), SECRET, given), "{given}");
        }
    }
}
