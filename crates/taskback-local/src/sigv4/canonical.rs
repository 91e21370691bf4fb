use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::hex::hex;
use crate::request::Request;

/// The canonical request: what the signature covers.
pub(super) fn request(request: &Request, signed_headers: &str, body: &[u8]) -> String {
    let headers: String =
        signed_headers.split(';').map(|name| format!("{name}:{}\n", value(request, name))).collect();
    [
        &*request.method,
        &path(&request.path),
        &query(&request.query),
        &*headers,
        signed_headers,
        &hex(&Sha256::digest(body)),
    ]
    .join("\n")
}

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// The path as it was sent, encoded once more: `%2B` becomes `%252B`.
fn path(sent: &str) -> String {
    utf8_percent_encode(sent, RESERVED_IN_PATH).to_string()
}

/// The parameters, in the order of their encoded names and values.
fn query(sent: &str) -> String {
    let encode =
        |text: &str| percent_encode(&percent_decode_str(text).collect::<Vec<_>>(), RESERVED).to_string();
    let pairs = sent.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<_> = pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            format!("{}={}", encode(name), encode(value))
        })
        .collect();
    pairs.sort();
    pairs.join("&")
}

/// All values of a header, each with single spaces; empty if there is none.
fn value(request: &Request, name: &str) -> String {
    let values = request.headers.get_all(name).iter();
    let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let values: Vec<_> =
        values.map(|value| value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")).collect();
    values.join(",")
}
