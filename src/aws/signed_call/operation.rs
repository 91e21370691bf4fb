//! An operation as the SDK's own `send()` would send it.

use std::sync::{Arc, Mutex, PoisonError};

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{BeforeTransmitInterceptorContextRef, Input};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::client::ser_de::{SerializeRequest, SharedRequestSerializer};
use aws_smithy_schema::protocol::{ServiceShapeName, SharedClientProtocol};
use aws_smithy_types::config_bag::{ConfigBag, FrozenLayer, Layer};
use bytes::Bytes;

use super::template::Template;
use super::unanswered::Unanswered;

/// The token of a captured request.
pub(crate) const SAMPLE: &str = "taskback-sample";

/// The keys of a captured request.
pub(crate) fn sample_keys() -> Credentials {
    Credentials::new(SAMPLE, SAMPLE, None, None, SAMPLE)
}

/// One operation of an SDK: its serializer, and the request with the endpoint that its resolver chose.
pub(crate) struct Operation {
    serializer: SharedRequestSerializer,
    config: FrozenLayer,
    template: Template,
}

impl Operation {
    /// Captures the request that `send` would send, with any input. Nothing is sent. `NotBuilt` if the SDK cannot build the
    /// request, for example for an endpoint that does not exist.
    ///
    /// Let `send` have [`SAMPLE`] for a token, and [`sample_keys`], so that it does not wait for credentials.
    pub(crate) async fn capture<F: Future>(send: impl FnOnce(Capture) -> F) -> Result<Self, Unanswered> {
        let capture = Capture::default();
        // Always an error: the capture ends the call before anything is sent.
        let _ = send(capture.clone()).await;
        capture.0.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or(Unanswered::NotBuilt)
    }

    /// The body for an input of the operation's own type; `None` if the input cannot be serialized.
    pub(super) fn body<I>(&self, input: I) -> Option<Bytes>
    where
        I: std::fmt::Debug + Send + Sync + 'static,
    {
        let mut config = ConfigBag::base();
        config.push_shared_layer(self.config.clone());
        let request = self.serializer.serialize_input(Input::erase(input), &mut config).ok()?;
        request.body().bytes().map(Bytes::copy_from_slice)
    }

    /// The URL and the region of the signature.
    #[cfg(test)]
    pub(crate) fn endpoint(&self) -> (&str, &str) {
        self.template.endpoint()
    }

    fn from_request(request: &HttpRequest, bag: &ConfigBag) -> Option<Self> {
        let mut config = Layer::new("taskback");
        // Serializers of older SDKs write the body themselves and have no protocol.
        if let Some(protocol) = bag.load::<SharedClientProtocol>() {
            config.store_put(protocol.clone());
        }
        if let Some(name) = bag.load::<ServiceShapeName>() {
            config.store_put(name.clone());
        }
        config.store_put(bag.load::<Metadata>()?.clone());
        let place = (request.method(), request.uri());
        Some(Self {
            serializer: bag.load::<SharedRequestSerializer>()?.clone(),
            config: config.freeze(),
            template: Template::from_signed_request(place, request.headers().iter())?,
        })
    }
}

impl AsRef<Template> for Operation {
    fn as_ref(&self) -> &Template {
        &self.template
    }
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
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Operation::from_request(context.request(), bag);
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
        self.template.fmt(f)
    }
}
