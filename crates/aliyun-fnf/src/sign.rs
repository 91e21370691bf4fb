//! RPC signature version 1.0 with HMAC-SHA1, one function for each step.
//!
//! The functions are pure: time, nonce and keys are parameters, so that a server can verify with the same code. The
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

/// Percent-encodes UTF-8, except `A-Z a-z 0-9 - _ . ~`.
pub fn enc(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// Sorts the pairs by name in byte order, encodes each side with [`enc`] and joins them by `=` and `&`.
pub fn canonical_query<'a>(params: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut pairs: Vec<_> = params.into_iter().collect();
    pairs.sort_unstable();
    query(pairs)
}

/// Returns `METHOD&%2F&` and the encoded canonical query. The path is always `/`.
pub fn string_to_sign(method: &str, canonical_query: &str) -> String {
    format!("{method}&%2F&{}", enc(canonical_query))
}

/// Returns the Base64 of HMAC-SHA1 of the text, keyed with the access key secret and `&`.
pub fn signature(access_key_secret: &str, string_to_sign: &str) -> String {
    STANDARD.encode(hmac::sign(&key(access_key_secret), string_to_sign.as_bytes()))
}

/// Checks in constant time whether `signature` is that of the text.
pub fn verify(access_key_secret: &str, string_to_sign: &str, signature: &str) -> bool {
    STANDARD
        .decode(signature)
        .is_ok_and(|tag| hmac::verify(&key(access_key_secret), string_to_sign.as_bytes(), &tag).is_ok())
}

/// Encodes the pairs with [`enc`] in their order: the query of a request's URL.
pub(crate) fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pairs: Vec<_> =
        pairs.into_iter().map(|(name, value)| format!("{}={}", enc(name), enc(value))).collect();
    pairs.join("&")
}

/// Encodes a form body: the canonical query, with `+` for a space like the official SDKs.
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
    fn only_unreserved_characters_stay() {
        assert_eq!(enc("aZ0-_.~ *+/=%é"), "aZ0-_.~%20%2A%2B%2F%3D%25%C3%A9");
    }

    #[test]
    fn names_are_sorted_before_encoding() {
        assert_eq!(canonical_query([("b", "1"), ("B", "2"), ("a~", "3"), ("a", "4")]), "B=2&a=4&a~=3&b=1");
    }

    #[test]
    fn form_space_is_a_plus() {
        assert_eq!(form([("k", "a b%20+")]), "k=a+b%2520%2B");
    }

    #[test]
    fn verify_rejects_other_text_key_and_encoding() {
        let signed = signature("secret", "text");
        assert!(verify("secret", "text", &signed));
        assert!(!verify("secret", "other", &signed));
        assert!(!verify("secreT", "text", &signed));
        assert!(!verify("secret", "text", "not base64!"));
        assert!(!verify("secret", "text", ""));
    }
}
