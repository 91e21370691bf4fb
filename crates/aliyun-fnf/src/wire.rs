//! The wire format: from parameters to a signed HTTP request, and from an HTTP response to fields or an error.

use bytes::Bytes;
use http::Request;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http_body_util::Full;
use jiff::Timestamp;
use taskback_http::HttpResponse;

use crate::credentials::Credentials;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;
use crate::operation::{Params, sealed};
use crate::scrub::scrub;
use crate::sign;

/// The API version of this crate.
pub const API_VERSION: &str = "2019-03-15";

/// The inputs of a signature. Each attempt has a new nonce.
pub(crate) struct SigningContext<'a> {
    pub(crate) credentials: &'a Credentials,
    pub(crate) now: Timestamp,
    pub(crate) nonce: &'a str,
}

/// Builds a signed request. Also returns its signature, which is a secret as well.
pub(crate) fn build_request<O: sealed::Operation>(
    endpoint: &Endpoint,
    user_agent: &http::HeaderValue,
    params: &Params,
    context: &SigningContext<'_>,
) -> Result<(Request<Full<Bytes>>, String), Error> {
    let SigningContext { credentials, now, nonce } = context;
    let time = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut query = vec![
        ("Action", O::NAME),
        ("Format", "json"),
        ("Version", API_VERSION),
        ("Timestamp", &time),
        ("SignatureNonce", nonce),
    ];
    let mut sorted = pairs(&params.query);
    sorted.sort_unstable();
    query.append(&mut sorted);
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
    if form.len() > MAX_BODY_BYTES {
        let problem = format!("request body is {} bytes, expected at most {MAX_BODY_BYTES}", form.len());
        return Err(Error::new(ErrorKind::TooLarge, problem));
    }
    // The builder's own error would quote the URL, which contains secrets.
    let too_long = |_| Error::invalid("request", "does not fit into a URL of 65534 bytes");
    Ok((request.body(Full::from(form)).map_err(too_long)?, signature))
}

/// Returns the fields of a successful response, or the error of another one.
///
/// Every response of the service has a `RequestId`. A response without it was written by another party on the way: the
/// service may or may not have performed the request.
pub(crate) fn parse_response<'a>(response: &'a HttpResponse, secrets: &[&str]) -> Result<Fields<'a>, Error> {
    let parsed = Fields::parse(&response.body);
    let text = |name| parsed.as_ref().and_then(|fields| fields.text(name));
    let contains_secret =
        |text: &str| secrets.iter().any(|secret| secret.len() >= MIN_SECRET_BYTES && text.contains(secret));
    let Some(request_id) = text("RequestId").filter(|id| is_plain(id) && !contains_secret(id)) else {
        let problem = if parsed.is_some() { "has no RequestId" } else { "is not a JSON object" };
        let message = format!("the response is not from the service: it {problem}");
        return Err(
            Error::new(ErrorKind::from_foreign_status(response.status), message).with_status(response.status)
        );
    };
    let kind = |code: Option<&str>| ErrorKind::from_response(response.status, code);
    // A known code comes from the service, even if a secret contains the same text.
    let code = text("Code")
        .filter(|code| is_plain(code) && (kind(Some(code)) != kind(None) || !contains_secret(code)));
    let is_success = (200..300).contains(&response.status) && text("Code").is_none();
    let message = scrub(without_string_to_sign(&text("Message").unwrap_or_default()), secrets);
    match parsed {
        Some(fields) if is_success => Ok(fields),
        _ => {
            let kind = kind(code.as_deref());
            Err(Error::new(kind, message).with_status(response.status).with_code(code, Some(request_id)))
        }
    }
}

/// The maximum size of a request, 1024 KiB (documented quota).
const MAX_BODY_BYTES: usize = 1 << 20;

/// The minimum length of a secret to search for. A shorter text may occur by chance.
const MIN_SECRET_BYTES: usize = 12;

fn pairs<'a>(params: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    params.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// True if a text is plausible as a code or id. They are logged unchanged, so other text is not accepted.
fn is_plain(text: &str) -> bool {
    text.len() <= 128 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// Removes the string to sign, which the service quotes with keys and tokens when it rejects a signature.
fn without_string_to_sign(message: &str) -> &str {
    let start = message.to_ascii_lowercase().find("string to sign").or_else(|| message.find("StringToSign"));
    start.map_or(message, |start| &message[..start])
}
