//! RPC signature version 1.0 with HMAC-SHA1, one function a step.
//!
//! Pure: time, nonce and keys are handed in, so that a server can verify with the same code. The
//! parameters to sign are those of the query and of the form body together, unencoded, without
//! `Signature` itself.
//!
//! ```
//! use aliyun_fnf::sign;
//!
//! let params = [("Action", "DescribeFlow"), ("Name", "a b")];
//! let query = sign::canonical_query(params);
//! assert_eq!(query, "Action=DescribeFlow&Name=a%20b");
//! let text = sign::string_to_sign("GET", &query);
//! assert_eq!(text, "GET&%2F&Action%3DDescribeFlow%26Name%3Da%2520b");
//! assert!(sign::verify("secret", &text, &sign::signature("secret", &text)));
//! ```

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::hmac;

/// Percent-encodes UTF-8; only `A-Z a-z 0-9 - _ . ~` stay as they are.
pub fn enc(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// The pairs sorted by name in byte order, each side encoded with [`enc`], joined by `=` and `&`.
pub fn canonical_query<'a>(params: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut pairs: Vec<_> = params.into_iter().collect();
    pairs.sort_unstable();
    query(pairs)
}

/// `METHOD&%2F&` and the encoded canonical query. The path is always `/`.
pub fn string_to_sign(method: &str, canonical_query: &str) -> String {
    format!("{method}&%2F&{}", enc(canonical_query))
}

/// Base64 of HMAC-SHA1 of the text, keyed with the access key secret and `&`.
pub fn signature(access_key_secret: &str, string_to_sign: &str) -> String {
    STANDARD.encode(hmac::sign(&key(access_key_secret), string_to_sign.as_bytes()))
}

/// Whether `signature` is that of the text; compares in constant time.
pub fn verify(access_key_secret: &str, string_to_sign: &str, signature: &str) -> bool {
    STANDARD
        .decode(signature)
        .is_ok_and(|tag| hmac::verify(&key(access_key_secret), string_to_sign.as_bytes(), &tag).is_ok())
}

/// The pairs as they come, encoded with [`enc`]: the query of a request's URL.
pub(crate) fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pairs: Vec<_> =
        pairs.into_iter().map(|(name, value)| format!("{}={}", enc(name), enc(value))).collect();
    pairs.join("&")
}

/// A form body: as the canonical query, but a space is `+`, as the official SDKs send it.
pub(crate) fn form<'a>(params: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    canonical_query(params).replace("%20", "+")
}

const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn key(access_key_secret: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, format!("{access_key_secret}&").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_unreserved_stay() {
        assert_eq!(enc("aZ0-_.~ *+/=%é"), "aZ0-_.~%20%2A%2B%2F%3D%25%C3%A9");
    }

    #[test]
    fn names_are_sorted_by_bytes_before_they_are_encoded() {
        assert_eq!(canonical_query([("b", "1"), ("B", "2"), ("a~", "3"), ("a", "4")]), "B=2&a=4&a~=3&b=1");
    }

    #[test]
    fn a_space_of_a_form_is_a_plus_and_a_percent_sign_stays_one() {
        assert_eq!(form([("k", "a b%20+")]), "k=a+b%2520%2B");
    }

    #[test]
    fn verify_refuses_another_text_another_key_and_what_is_not_base64() {
        let made = signature("secret", "text");
        assert!(verify("secret", "text", &made));
        assert!(!verify("secret", "other", &made));
        assert!(!verify("secreT", "text", &made));
        assert!(!verify("secret", "text", "not base64!"));
        assert!(!verify("secret", "text", ""));
    }
}
