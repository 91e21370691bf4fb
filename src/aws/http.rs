//! Every AWS client's requests go through the one HTTP client.

use std::fmt;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse as SdkResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::Full;
use taskback_http::{Failure, HttpClient as Http, HttpResponse, Limits, Roots};
use tokio::time::Instant;

/// One connection pool for all that have a clone. It is made when first used: root certificates are
/// read then, and not on the way to the first event.
#[derive(Clone, Debug, Default)]
pub(super) struct Client(Arc<OnceLock<Http>>);

impl Client {
    /// Sends a request without an SDK, until `deadline` at most.
    #[cfg_attr(
        not(feature = "aws-reports"),
        expect(dead_code, reason = "only signed calls go without an SDK")
    )]
    pub(super) async fn send(
        &self,
        request: http::Request<Full<Bytes>>,
        deadline: Instant,
    ) -> Result<HttpResponse, Failure> {
        let http = self.http().map_err(|error| Failure::NotSent(error.to_string()))?;
        // A call without a target is made by hand: it reads a page of a history, 40 events of 256 KiB, or its answer is
        // nothing or an error's text.
        let max_body = match request.headers().contains_key("x-amz-target") {
            true => max_body(request.headers()),
            false if request.method() == http::Method::GET => 16 << 20,
            false => 64 << 10,
        };
        http.send(request, Limits { read_timeout: READ_TIMEOUT, deadline, max_body }).await
    }

    /// Proxies and roots that cannot be used are a fault of the first connection that needs them.
    fn http(&self) -> io::Result<&Http> {
        if let Some(attempt) = self.0.get() {
            return Ok(attempt);
        }
        let attempt = Http::new(CONNECT_TIMEOUT, IDLE_TIMEOUT, Roots::IfAny)?;
        Ok(self.0.get_or_init(|| attempt))
    }
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connect_timeout = settings.connect_timeout().unwrap_or(CONNECT_TIMEOUT);
        let read_timeout = settings.read_timeout().unwrap_or(READ_TIMEOUT);
        SharedHttpConnector::new(Connector { client: self.clone(), connect_timeout, read_timeout })
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// For calls without a shorter timeout of their own. The longest that is held on purpose is a poll of SWF, 60 s.
const READ_TIMEOUT: Duration = Duration::from_secs(120);

#[derive(Clone, Debug)]
struct Connector {
    client: Client,
    connect_timeout: Duration,
    read_timeout: Duration,
}

impl Connector {
    async fn send(self, request: HttpRequest) -> Result<SdkResponse, ConnectorError> {
        let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let (head, body) = request.into_parts();
        // No call here streams its body.
        let body = body.bytes().ok_or_else(|| ConnectorError::user("a body that is a stream".into()))?;
        let request = http::Request::from_parts(head, Full::new(Bytes::copy_from_slice(body)));
        let http = self.client.http();
        let http = http.map_err(|error| unreached(error.to_string()))?;
        let client = http.clone().with_connect_timeout(self.connect_timeout);
        let limits = Limits {
            read_timeout: self.read_timeout,
            deadline: Instant::now() + self.connect_timeout + self.read_timeout,
            max_body: max_body(request.headers()),
        };
        let answer = client.send(request, limits).await.map_err(|failure| match failure {
            Failure::NotSent(reason) => unreached(reason),
            Failure::NoResponse(reason, _) => ConnectorError::io(NoResponse(reason).into()),
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
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new_boxed(Box::pin(self.clone().send(request)))
    }
}

/// The most bytes of an answer, by the call that it answers. An answer that is larger is lost, and the call may have
/// been accepted.
fn max_body(request: &http::HeaderMap) -> usize {
    const KIB: usize = 1 << 10;
    let target = request.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let (service, call) = target.split_once('.').unwrap_or_default();
    match call {
        // 10 messages of 1 MiB, each byte of which JSON may write as six; a page of 1000 events of 32 KB, or of 200
        // events of 256 KiB.
        "ReceiveMessage" | "GetWorkflowExecutionHistory" | "GetExecutionHistory" => 64 << 20,
        // An item of 400 KB, or the input of an activity of 256 KiB, written in the same way.
        "UpdateItem" | "GetActivityTask" => 4 << 20,
        // Nothing, one flag, or an error's text.
        _ if service == "SimpleWorkflowService" && call != "PollForActivityTask" => 64 * KIB,
        _ if service == "AWSStepFunctions" => 64 * KIB,
        // The input of a task has 32 KB, a secret 64 KB; what else is asked for is smaller.
        _ => KIB * KIB,
    }
}

fn unreached(reason: String) -> ConnectorError {
    ConnectorError::io(Unreached(reason).into()).never_connected()
}

/// Certainly nothing of the request was sent.
#[derive(Debug)]
pub(super) struct Unreached(pub(super) String);

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreached {}

/// The request may have been accepted.
#[derive(Debug)]
pub(super) struct NoResponse(pub(super) String);

impl fmt::Display for NoResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoResponse {}

#[cfg(test)]
mod tests {
    use super::*;

    /// No bound is below what its service may send.
    #[test]
    fn response_limit_depends_on_the_call() {
        let max = |target: &'static str| {
            let target = http::HeaderValue::from_static(target);
            max_body(&[(http::HeaderName::from_static("x-amz-target"), target)].into_iter().collect())
        };
        for call in [
            "RespondActivityTaskCompleted",
            "RespondActivityTaskFailed",
            "RespondActivityTaskCanceled",
            "RecordActivityTaskHeartbeat",
        ] {
            let target: &'static str = format!("SimpleWorkflowService.{call}").leak();
            assert_eq!(max(target), 64 << 10, "{call}");
        }
        for call in ["SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat"] {
            let target: &'static str = format!("AWSStepFunctions.{call}").leak();
            assert_eq!(max(target), 64 << 10, "{call}");
        }
        assert!(max("AWSStepFunctions.GetExecutionHistory") > 200 * 256 * 1024);
        assert!(max("AWSStepFunctions.GetActivityTask") > 6 * 256 * 1024);
        assert!(max("AmazonSQS.ReceiveMessage") > 6 * 10 * (1 << 20));
        assert!(max("SimpleWorkflowService.GetWorkflowExecutionHistory") > 1000 * 32 * 1024);
        assert!(max("SimpleWorkflowService.PollForActivityTask") > 6 * 32 * 1024);
        assert!(max("DynamoDB_20120810.UpdateItem") > 6 * 400 * 1024);
        assert!(max("secretsmanager.GetSecretValue") > 6 * 64 * 1024);
        assert_eq!(max_body(&http::HeaderMap::new()), 1 << 20);
    }
}
