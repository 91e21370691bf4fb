use std::sync::Arc;
use std::time::Duration;

use ::http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use ::http::{Request, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::value::RawValue;
use taskback_http::{HttpClient, Roots};
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
    client: HttpClient,
}

/// For name, TCP and TLS together.
const CONNECT: Duration = Duration::from_secs(5);

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
        let roots = if url.is_plain() { Roots::None } else { Roots::Required };
        // A connection for each task: one that slept through a freeze would cost its step the deadline.
        let client = HttpClient::new(CONNECT, Duration::ZERO, roots)
            .map_err(|error| Error::new(format!("TASKBACK_STEP: {error}")))?;
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
        let answer = self.client.begin(self.request(task)?).await;
        let answer = answer.map_err(|failure| StepError::retryable(failure.to_string()))?;
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
