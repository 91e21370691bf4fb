//! An operation as the SDK's own `send()` would send it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{BeforeTransmitInterceptorContextRef, Input};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::client::ser_de::{SerializeRequest, SharedRequestSerializer};
use aws_smithy_schema::protocol::{ServiceShapeName, SharedClientProtocol};
use aws_smithy_types::config_bag::{ConfigBag, FrozenLayer, Layer};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;

use crate::environment;

/// One operation: the SDK's serializer, the endpoint that its resolver chose, and the headers that every request has.
pub(crate) struct Operation {
    serializer: SharedRequestSerializer,
    config: FrozenLayer,
    method: Method,
    uri: Uri,
    uri_text: String,
    headers: HeaderMap,
    /// Those of the headers that are signed.
    signed: Vec<(HeaderName, String)>,
    region: String,
    service: String,
}

/// Headers that differ from call to call.
const OWN_HEADERS: [HeaderName; 7] = [
    AUTHORIZATION,
    CONTENT_LENGTH,
    HOST,
    HeaderName::from_static("x-amz-date"),
    HeaderName::from_static("x-amz-security-token"),
    INVOCATION_ID,
    TRACE_ID,
];
const INVOCATION_ID: HeaderName = HeaderName::from_static("amz-sdk-invocation-id");
const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");

impl Operation {
    /// Captures the request that `send` would send, with any input and any credentials. Nothing is sent. `None` if the SDK
    /// cannot build the request, for example for an endpoint that does not exist.
    pub(crate) async fn capture<F: Future>(send: impl FnOnce(Capture) -> F) -> Option<Self> {
        let capture = Capture::default();
        // Always an error: the capture ends the call before anything is sent.
        let _ = send(capture.clone()).await;
        capture.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The body for an input of the operation's own type; `None` if the input cannot be serialized.
    pub(crate) fn body<I>(&self, input: I) -> Option<Bytes>
    where
        I: std::fmt::Debug + Send + Sync + 'static,
    {
        let mut config = ConfigBag::base();
        config.push_shared_layer(self.config.clone());
        let request = self.serializer.serialize_input(Input::erase(input), &mut config).ok()?;
        request.body().bytes().map(Bytes::copy_from_slice)
    }

    /// The signed request; `None` if it cannot be signed.
    pub(super) fn request(
        &self,
        body: &Bytes,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Option<Request<Full<Bytes>>> {
        let length = body.len().to_string();
        let signed = self.signed.iter().map(|(name, value)| (name.as_str(), &**value));
        let signed = signed.chain([(CONTENT_LENGTH.as_str(), &*length)]);
        let signable = SignableBody::Bytes(body);
        let signable =
            SignableRequest::new(self.method.as_str(), self.uri_text.as_str(), signed, signable).ok()?;
        let mut settings = SigningSettings::default();
        // None of them is among the signed ones.
        settings.excluded_headers = None;
        let identity = credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.service)
            .time(now)
            .settings(settings)
            .build()
            .ok()?;
        let (signature, _) = sign(signable, &params.into()).ok()?.into_parts();
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        let mut headers = self.headers.clone();
        headers.insert(CONTENT_LENGTH, HeaderValue::from_maybe_shared(Bytes::from(length)).ok()?);
        headers.insert(INVOCATION_ID, invocation_id()?);
        headers.extend(trace_id().map(|id| (TRACE_ID, id)));
        *request.headers_mut() = headers;
        signature.apply_to_request_http1x(&mut request);
        Some(request)
    }

    /// The URL and the region of the signature.
    #[cfg(test)]
    pub(crate) fn endpoint(&self) -> (&str, &str) {
        (&self.uri_text, &self.region)
    }

    fn of(request: &HttpRequest, bag: &ConfigBag) -> Option<Self> {
        let mut config = Layer::new("taskback");
        // Serializers of older SDKs write the body themselves and have no protocol.
        if let Some(protocol) = bag.load::<SharedClientProtocol>() {
            config.store_put(protocol.clone());
        }
        if let Some(name) = bag.load::<ServiceShapeName>() {
            config.store_put(name.clone());
        }
        config.store_put(bag.load::<Metadata>()?.clone());
        let authorization = Authorization::parse(request.headers().get("authorization")?)?;
        let (mut headers, mut signed) = (HeaderMap::new(), Vec::new());
        for (name, value) in request.headers() {
            let name = HeaderName::try_from(name).ok().filter(|name| !OWN_HEADERS.contains(name));
            let Some(name) = name else { continue };
            if authorization.signed_headers.split(';').any(|signed| signed == name) {
                signed.push((name.clone(), value.to_owned()));
            }
            headers.append(name, HeaderValue::from_str(value).ok()?);
        }
        Some(Self {
            serializer: bag.load::<SharedRequestSerializer>()?.clone(),
            config: config.freeze(),
            method: request.method().parse().ok()?,
            uri: request.uri().parse().ok()?,
            uri_text: request.uri().to_owned(),
            headers,
            signed,
            region: authorization.region.to_owned(),
            service: authorization.service.to_owned(),
        })
    }
}

/// The parts of the header `Authorization` that do not depend on the credentials.
#[derive(Debug, PartialEq)]
struct Authorization<'a> {
    region: &'a str,
    service: &'a str,
    signed_headers: &'a str,
}

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

/// An interceptor that keeps the request and ends the call before anything is sent.
#[derive(Clone, Default)]
pub(crate) struct Capture(Arc<Mutex<Option<Operation>>>);

#[dyn_dispatch_hint]
impl Intercept for Capture {
    fn name(&self) -> &'static str {
        "taskback capture"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Operation::of(context.request(), bag);
        Err("captured".into())
    }
}

/// Opaque: it holds a request.
impl std::fmt::Debug for Capture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Capture")
    }
}

impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operation").field("region", &self.region).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
