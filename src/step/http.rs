use std::io;
use std::sync::Arc;
use std::time::Duration;

use ::http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use ::http::{Request, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use serde_json::value::RawValue;
use tokio::time::timeout;

use super::outside::{About, CAUSE_BYTES, OUTPUT_BYTES, succeeded, text, too_large};
use super::{Step, StepEnd, StepError, Task};
use crate::settings::StepUrl;
use crate::{BoxFuture, Error};

/// A step that posts the input to an HTTP endpoint, as JSON.
///
/// The answer's body is the output where its status is 2xx: JSON, or else a text, of at most 1 MiB.
/// 400, 409, 410 and 422 tell the workflow `HttpStatus…` with the body's beginning, at most 4096
/// bytes, as the cause. Everything else counts as retryable, so that a wrong path or an expired key
/// burns no outcome; a redirect is not followed.
///
/// `Idempotency-Key` is the task's fingerprint, the same each time the task is delivered, and the facts
/// of the task come as `Taskback-…`. The token goes nowhere.
pub struct HttpStep(Arc<Parts>);

struct Parts {
    url: StepUrl,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// How long the text of a failure may take.
const TEXT: Duration = Duration::from_secs(2);

impl HttpStep {
    /// The step of that endpoint. An error where this machine has no root certificates, and TLS needs
    /// them.
    pub fn new(url: StepUrl) -> Result<Self, Error> {
        if let Some(host) = url.exposed() {
            tracing::warn!(
                host,
                "TASKBACK_STEP_ALLOW_HTTP_HOST: inputs and outputs go to this host in plain HTTP"
            );
        }
        let tls = tls(!url.is_plain()).map_err(|error| Error::new(format!("TASKBACK_STEP: {error}")))?;
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(Duration::from_secs(5)));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        // A connection for each task: one that slept through a freeze would cost its step the deadline.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(Self(Arc::new(Parts { url, client })))
    }
}

impl Step for HttpStep {
    fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepEnd, StepError>> {
        let parts = Arc::clone(&self.0);
        Box::pin(async move { parts.ask(&task).await })
    }
}

impl Parts {
    async fn ask(&self, task: &Task<Box<RawValue>>) -> Result<StepEnd, StepError> {
        let answer = self.client.request(self.request(task)?).await?;
        let status = answer.status();
        let mut body = answer.into_body();
        match status.as_u16() {
            200..=299 => match Limited::new(body, OUTPUT_BYTES).collect().await {
                Ok(body) => succeeded(body.to_bytes().into()),
                Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
                Err(error) => Err(StepError::Retryable(error)),
            },
            400 | 409 | 410 | 422 => {
                let mut beginning = Vec::new();
                // The status stands, even where its text breaks off or stalls.
                let reading = async {
                    while beginning.len() < CAUSE_BYTES
                        && let Some(Ok(frame)) = body.frame().await
                    {
                        beginning.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
                    }
                };
                drop(timeout(TEXT.min(task.remaining() / 2), reading).await);
                beginning.truncate(CAUSE_BYTES);
                let said = text(&beginning);
                let cause = if said.is_empty() { how(status) } else { said };
                Err(StepError::terminal(format!("HttpStatus{}", status.as_u16()), cause))
            }
            300..=399 => Err(StepError::retryable(format!("{}, and no redirect is followed", how(status)))),
            _ => Err(StepError::retryable(how(status))),
        }
    }

    fn request(&self, task: &Task<Box<RawValue>>) -> Result<Request<Full<Bytes>>, StepError> {
        let about = About::task(task);
        let body = Bytes::copy_from_slice(task.input.get().as_bytes());
        let mut request = Request::post(self.url.uri.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("taskback/", env!("CARGO_PKG_VERSION")))
            .header("idempotency-key", about.fingerprint)
            .header("taskback-service", about.service);
        for (name, value) in [
            ("taskback-attempt", about.attempt),
            ("taskback-business-key", about.business_key),
            ("taskback-activity-type", about.activity_type),
        ] {
            if let Some(value) = value {
                request = request.header(name, utf8_percent_encode(&value, ENCODED).to_string());
            }
        }
        if let Some(authorization) = &self.url.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        Ok(request.body(Full::new(body))?)
    }
}

/// What a header cannot carry as it is, the space at an end of it and the sign of the encoding itself.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

fn how(status: StatusCode) -> String {
    format!("the endpoint answered {}", status.as_u16())
}

fn tls(needs_roots: bool) -> io::Result<ClientConfig> {
    let builder = || {
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)
    };
    match needs_roots {
        true => Ok(builder()?.with_native_roots()?.with_no_client_auth()),
        false => Ok(builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth()),
    }
}
