//! Every AWS client's requests go through the one HTTP client.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::Full;
use taskback_http::{Failure, HttpClient as Http, Roots, UNBOUNDED};
use tokio::time::Instant;

/// One connection pool for all that have a clone. It is made when first used: root certificates are
/// read then, and not on the way to the first event.
#[derive(Clone, Debug, Default)]
pub(super) struct Client(Arc<OnceLock<Http>>);

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connect_timeout = settings.connect_timeout().unwrap_or(CONNECT_TIMEOUT);
        let read_timeout = settings.read_timeout().unwrap_or(UNBOUNDED);
        SharedHttpConnector::new(Connector { client: self.clone(), connect_timeout, read_timeout })
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
struct Connector {
    client: Client,
    connect_timeout: Duration,
    read_timeout: Duration,
}

impl Connector {
    async fn send(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let (head, body) = request.into_parts();
        // No call here streams its body.
        let body = body.bytes().ok_or_else(|| ConnectorError::user("a body that is a stream".into()))?;
        let request = http::Request::from_parts(head, Full::new(Bytes::copy_from_slice(body)));
        let client = self.http()?.clone().with_connect_timeout(self.connect_timeout);
        let by = Instant::now() + UNBOUNDED;
        let answer = client.send(request, self.read_timeout, by).await.map_err(|failure| match failure {
            Failure::Unreached(why) => ConnectorError::io(Unreached(why).into()).never_connected(),
            Failure::NoAnswer(why, _) => ConnectorError::io(why.into()),
        })?;
        let mut response = http::Response::new(SdkBody::from(answer.body));
        *response.headers_mut() = answer.headers;
        let status = answer.status.try_into();
        *response.status_mut() =
            status.map_err(|error: http::status::InvalidStatusCode| ConnectorError::io(error.into()))?;
        response
            .try_into()
            .map_err(|error: aws_smithy_runtime_api::http::HttpError| ConnectorError::io(error.into()))
    }

    /// Roots that are missing are a fault of the first connection that needs them.
    fn http(&self) -> Result<&Http, ConnectorError> {
        if let Some(made) = self.client.0.get() {
            return Ok(made);
        }
        let made = Http::new(CONNECT_TIMEOUT, IDLE_TIMEOUT, Roots::IfAny);
        let made = made.map_err(|error| ConnectorError::io(error.into()).never_connected())?;
        Ok(self.client.0.get_or_init(|| made))
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new_boxed(Box::pin(self.clone().send(request)))
    }
}

/// Certainly nothing of the request was sent.
#[derive(Debug)]
pub(super) struct Unreached(String);

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreached {}
