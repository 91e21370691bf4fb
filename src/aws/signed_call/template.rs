//! What all requests of one operation have in common.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::header::{self, CONTENT_LENGTH};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;

use crate::environment;

/// The URL of an operation, and the headers that every request has.
pub(crate) struct Template {
    method: Method,
    uri: Uri,
    uri_text: String,
    headers: HeaderMap,
    /// Those of the headers that are signed.
    signed: Vec<(HeaderName, String)>,
    /// Whether the length of the body is signed too.
    is_length_signed: bool,
    scope: Scope,
}

/// The region and the service for which requests are signed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scope {
    pub(crate) region: String,
    pub(crate) service: String,
}

/// Headers that differ from call to call.
#[cfg(any(feature = "sfn", feature = "swf"))]
const OWN_HEADERS: [HeaderName; 7] = [
    header::AUTHORIZATION,
    CONTENT_LENGTH,
    header::HOST,
    HeaderName::from_static("x-amz-date"),
    HeaderName::from_static("x-amz-security-token"),
    INVOCATION_ID,
    TRACE_ID,
];
const INVOCATION_ID: HeaderName = HeaderName::from_static("amz-sdk-invocation-id");
const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");

impl Template {
    /// A request to that URL with these headers, all of which are signed; `None` if the URL is not one.
    #[cfg(feature = "durable")]
    pub(crate) fn new(
        method: Method,
        url: String,
        headers: &[(HeaderName, &'static str)],
        scope: Scope,
    ) -> Option<Self> {
        let uri = Uri::try_from(&url).ok().filter(|uri| uri.host().is_some())?;
        let user_agent =
            (header::USER_AGENT, HeaderValue::from_static(concat!("taskback/", env!("CARGO_PKG_VERSION"))));
        let values = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        Some(Self {
            method,
            uri,
            uri_text: url,
            headers: values.chain([user_agent]).collect(),
            signed: headers.iter().map(|(name, value)| (name.clone(), (*value).to_owned())).collect(),
            is_length_signed: false,
            scope,
        })
    }

    /// A template with the endpoint, the headers and the scope of a signed request.
    #[cfg(any(feature = "sfn", feature = "swf"))]
    pub(super) fn from_signed_request<'a>(
        (method, url): (&str, &str),
        headers: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Option<Self> {
        let all: Vec<_> = headers.collect();
        let authorization = all.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?.1;
        let authorization = Authorization::parse(authorization)?;
        let (mut headers, mut signed) = (HeaderMap::new(), Vec::new());
        for (name, value) in all {
            let name = HeaderName::try_from(name).ok().filter(|name| !OWN_HEADERS.contains(name));
            let Some(name) = name else { continue };
            if authorization.signed_headers.split(';').any(|signed| signed == name) {
                signed.push((name.clone(), value.to_owned()));
            }
            headers.append(name, HeaderValue::from_str(value).ok()?);
        }
        let scope =
            Scope { region: authorization.region.to_owned(), service: authorization.service.to_owned() };
        Some(Self {
            method: method.parse().ok()?,
            uri: url.parse().ok()?,
            uri_text: url.to_owned(),
            headers,
            signed,
            is_length_signed: true,
            scope,
        })
    }

    /// The signed request; `None` if it cannot be signed.
    pub(crate) fn request(
        &self,
        body: &Bytes,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Option<Request<Full<Bytes>>> {
        let length = body.len().to_string();
        let signed = self.signed.iter().map(|(name, value)| (name.as_str(), &**value));
        let length_signed = self.is_length_signed.then_some((CONTENT_LENGTH.as_str(), &*length));
        let signed = signed.chain(length_signed);
        let signable = SignableBody::Bytes(body);
        let signable =
            SignableRequest::new(self.method.as_str(), self.uri_text.as_str(), signed, signable).ok()?;
        let mut settings = SigningSettings::default();
        // None of them is among the signed ones.
        settings.excluded_headers = None;
        let identity = credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.scope.region)
            .name(&self.scope.service)
            .time(now)
            .settings(settings)
            .build()
            .ok()?;
        let (signature, _) = sign(signable, &params.into()).ok()?.into_parts();
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        let mut headers = self.headers.clone();
        // A GET has no body, and the SDKs send no length with it.
        if self.method != Method::GET {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_maybe_shared(Bytes::from(length)).ok()?);
        }
        headers.insert(INVOCATION_ID, invocation_id()?);
        headers.extend(trace_id().map(|id| (TRACE_ID, id)));
        *request.headers_mut() = headers;
        signature.apply_to_request_http1x(&mut request);
        Some(request)
    }

    /// The URL and the region of the signature.
    #[cfg(test)]
    pub(crate) fn endpoint(&self) -> (&str, &str) {
        (&self.uri_text, &self.scope.region)
    }
}

impl AsRef<Template> for Template {
    fn as_ref(&self) -> &Template {
        self
    }
}

/// The parts of the header `Authorization` that do not depend on the credentials.
#[cfg(any(feature = "sfn", feature = "swf"))]
#[derive(Debug, PartialEq)]
struct Authorization<'a> {
    region: &'a str,
    service: &'a str,
    signed_headers: &'a str,
}

#[cfg(any(feature = "sfn", feature = "swf"))]
impl<'a> Authorization<'a> {
    /// `AWS4-HMAC-SHA256 Credential=ID/DATE/REGION/SERVICE/aws4_request, SignedHeaders=A;B, Signature=…`
    fn parse(text: &'a str) -> Option<Self> {
        let parts = text.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let part = |name| parts.split(", ").find_map(|part| part.strip_prefix(name));
        let mut scope = part("Credential=")?.rsplit('/').skip(1);
        let (service, region) = (scope.next()?, scope.next()?);
        Some(Self { region, service, signed_headers: part("SignedHeaders=")? })
    }
}

/// A random UUID, as the SDK's.
fn invocation_id() -> Option<HeaderValue> {
    let bits = fastrand::u128(..) & !(0xf000_u128 << 64) & !(0xc000_u128 << 48) | 0x4000 << 64 | 0x8000 << 48;
    let id = format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        bits >> 96,
        bits >> 80 & 0xffff,
        bits >> 64 & 0xffff,
        bits >> 48 & 0xffff,
        bits & 0xffff_ffff_ffff
    );
    HeaderValue::from_maybe_shared(Bytes::from(id)).ok()
}

/// The trace of a Lambda invocation, by which AWS recognizes recursive calls.
fn trace_id() -> Option<HeaderValue> {
    environment::text("AWS_LAMBDA_FUNCTION_NAME")?;
    HeaderValue::try_from(environment::text("_X_AMZN_TRACE_ID")?).ok()
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template").field("region", &self.scope.region).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(any(feature = "sfn", feature = "swf"))]
    #[test]
    fn authorization_has_scope_and_headers() {
        let text = "AWS4-HMAC-SHA256 Credential=A/B/20261127/eu-west-1/swf/aws4_request, SignedHeaders=a;b, Signature=0";
        let expected = Authorization { region: "eu-west-1", service: "swf", signed_headers: "a;b" };
        assert_eq!(Authorization::parse(text), Some(expected));
        assert_eq!(Authorization::parse("Bearer a/b/c/d"), None);
    }

    #[test]
    fn invocation_id_is_a_random_uuid() {
        let id = invocation_id().unwrap();
        let id = id.to_str().unwrap();
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(&id[14..15], "4", "{id}");
        assert!("89ab".contains(&id[19..20]), "{id}");
    }
}
