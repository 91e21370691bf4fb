//! From parameters to a signed HTTP request, and from an HTTP answer to fields or an error.

use bytes::Bytes;
use http::Request;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http_body_util::Full;
use jiff::Timestamp;
use taskback_http::Answer;

use crate::endpoint::Endpoint;
use crate::fields::Fields;
use crate::hidden::scrub;
use crate::operation::{Params, sealed};
use crate::{Credentials, Error, ErrorKind, sign};

/// The API version that this crate speaks.
pub const API_VERSION: &str = "2019-03-15";

/// What a request is signed with; a new nonce for each time it is sent.
pub(crate) struct Stamp<'a> {
    pub(crate) credentials: &'a Credentials,
    pub(crate) now: Timestamp,
    pub(crate) nonce: &'a str,
}

/// The signed request and its signature, which is a secret too.
pub(crate) fn request<O: sealed::Operation>(
    endpoint: &Endpoint,
    user_agent: &http::HeaderValue,
    params: &Params,
    stamp: &Stamp<'_>,
) -> Result<(Request<Full<Bytes>>, String), Error> {
    let Stamp { credentials, now, nonce } = stamp;
    let time = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut query = vec![
        ("Action", O::NAME),
        ("Format", "json"),
        ("Version", API_VERSION),
        ("Timestamp", &time),
        ("SignatureNonce", nonce),
    ];
    let mut own = pairs(&params.query);
    own.sort_unstable();
    query.append(&mut own);
    query.extend(credentials.security_token.as_deref().map(|token| ("SecurityToken", token)));
    query.extend([
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
        ("AccessKeyId", &credentials.access_key_id),
    ]);
    let body = pairs(&params.body);
    let signed = sign::canonical_query(query.iter().chain(&body).copied());
    let signature =
        sign::signature(&credentials.access_key_secret, &sign::string_to_sign(O::METHOD, &signed));
    query.push(("Signature", &signature));

    let mut request = Request::builder()
        .method(O::METHOD)
        .uri(format!("{endpoint}/?{}", sign::query(query)))
        .header("x-acs-version", API_VERSION)
        .header("x-acs-action", O::NAME)
        .header(USER_AGENT, user_agent);
    if !body.is_empty() {
        request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    let form = sign::form(body);
    if form.len() > MOST_BODY_BYTES {
        let problem = format!("is {} bytes; the service takes at most {MOST_BODY_BYTES}", form.len());
        return Err(Error::new(ErrorKind::TooLarge, format!("request body {problem}")));
    }
    // The builder's error would tell the URL's fault; nothing of the URL may be told.
    let too_long = |_| Error::invalid("request", "does not fit into a URL of 65534 bytes");
    Ok((request.body(Full::from(form)).map_err(too_long)?, signature))
}

/// The fields of a success, or the error that the answer is.
pub(crate) fn fields(answer: &Answer, secrets: &[&str]) -> Result<Fields, Error> {
    let fields = Fields::parse(&answer.body);
    let text = |name| fields.as_ref().and_then(|fields| fields.text(name));
    let code = text("Code").filter(|code| is_plain(code));
    let request_id = text("RequestId").filter(|id| is_plain(id));
    let event_id = fields.as_ref().and_then(|fields| fields.int("EventId"));
    let success = (200..300).contains(&answer.status);
    let (kind, message) = match (&code, text("Message")) {
        (None, _) if success && (request_id.is_some() || event_id.is_some()) => {
            return fields.ok_or_else(|| Error::new(ErrorKind::Unexpected, ""));
        }
        (None, None) if fields.is_none() => {
            (ErrorKind::of_answer(answer.status, None), "the answer is not a JSON object".to_owned())
        }
        (None, None) if success => (ErrorKind::Unexpected, "the answer has no RequestId".to_owned()),
        (code, message) => {
            (ErrorKind::of_answer(answer.status, code.as_deref()), message.unwrap_or_default())
        }
    };
    let message = scrub(without_quote(&message), secrets);
    Err(Error::new(kind, message).answered(answer.status).coded(code, request_id))
}

/// Requests are limited to 1024 KiB (the service's documented quota).
const MOST_BODY_BYTES: usize = 1 << 20;

fn pairs<'a>(params: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    params.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// Codes and ids go into logs as they are: no text of another kind may pass for one.
fn is_plain(text: &str) -> bool {
    text.len() <= 128 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// A refused signature is answered with the whole string to sign, keys and tokens in it.
fn without_quote(message: &str) -> &str {
    let at = message.to_ascii_lowercase().find("string to sign").or_else(|| message.find("StringToSign"));
    at.map_or(message, |at| &message[..at])
}
