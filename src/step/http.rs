mod response;
mod url;

use std::fmt;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use ::http::Request;
use ::http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::value::RawValue;
use taskback_http::{HttpClient, Roots};
use tokio::time::timeout;

use super::contract::{Step, StepError, StepOutput};
use super::external::{CAUSE_BYTES, OUTPUT_BYTES, TaskMetadata};
use super::task::Task;
use super::terminal_errors::TerminalErrors;
use crate::error::{Error, ErrorKind};
use crate::future::BoxFuture;
use response::{Head, Verdict};

pub use url::StepUrl;

/// A step that posts the input to an HTTP endpoint, as JSON.
///
/// The response's body is the output where its status is 2xx: JSON, or else a text, of at most 1 MiB.
/// 400, 410 and 422 fail the task for good as `HttpStatus…`, with the body's beginning, at most 4096
/// bytes, as the cause. Everything else is retryable, so that a wrong path or an expired key cannot fail
/// the task: also 202, 206 and redirects, which are not followed; HTML with any status; a body that was
/// cut short, compressed, or declared as JSON without being it.
///
/// `Idempotency-Key` is the task's fingerprint, the same each time the task is delivered, and the facts
/// of the task come as `Taskback-…`. The token goes nowhere.
///
/// ```
/// use taskback::{HttpStep, StepUrl, Taskback};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let verify = StepUrl::parse("https://steps.example/verify", None)?;
/// let builder = Taskback::builder().step(HttpStep::new(verify)?);
/// # let _ = builder; Ok(()) }
/// ```
pub struct HttpStep(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    url: StepUrl,
    client: HttpClient,
    terminal: TerminalErrors,
}

/// For name, TCP and TLS together.
const CONNECT: Duration = Duration::from_secs(5);

/// The time for the text of a failure.
const TEXT: Duration = Duration::from_secs(2);

impl HttpStep {
    /// The step of that endpoint. An error where this machine has no root certificates, and TLS needs
    /// them.
    pub fn new(url: StepUrl) -> Result<Self, Error> {
        if let Some(host) = url.exposed() {
            tracing::warn!(
                event = "settings.plain_http",
                host,
                "TASKBACK_STEP_ALLOW_HTTP_HOST: inputs and outputs go to this host in plain HTTP"
            );
        }
        let roots = if url.is_plain() { Roots::None } else { Roots::Required };
        // A connection for each task: one that slept through a freeze would cost its step the deadline.
        let client = HttpClient::new(CONNECT, Duration::ZERO, roots)
            .map_err(|error| Error::new(ErrorKind::Host, format!("TASKBACK_STEP: {error}")))?;
        Ok(Self(Arc::new(Inner { url, client, terminal: TerminalErrors::default() })))
    }

    /// Sets the statuses that fail a task for good, in the same way as 422.
    pub fn terminal_errors(self, terminal: TerminalErrors) -> Self {
        Self(Arc::new(Inner { terminal, ..Arc::unwrap_or_clone(self.0) }))
    }
}

/// Shows of the URL as much as [`StepUrl`] does.
impl fmt::Debug for HttpStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpStep").field("url", &self.0.url).finish_non_exhaustive()
    }
}

impl Step for HttpStep {
    fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepOutput, StepError>> {
        let inner = Arc::clone(&self.0);
        Box::pin(async move { inner.post(&task).await })
    }
}

impl Inner {
    async fn post(&self, task: &Task<Box<RawValue>>) -> Result<StepOutput, StepError> {
        let answer = self.client.begin(self.request(task)?).await;
        let answer = answer.map_err(|failure| StepError::retryable(failure.to_string()))?;
        let (head, mut body) = answer.into_parts();
        let head = Head::new(head.status, &head.headers);
        match head.verdict(&self.terminal) {
            Verdict::Output => head.output(whole(&mut body).await?, task.fingerprint()),
            Verdict::NoContent => StepOutput::succeeded(&()),
            Verdict::Failure => {
                let mut beginning = Vec::new();
                // The status counts, even where its text breaks off or stalls.
                let text = async {
                    while beginning.len() < CAUSE_BYTES
                        && let Some(Ok(frame)) = body.frame().await
                    {
                        beginning.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
                    }
                };
                let _cut_short = timeout(TEXT.min(task.remaining() / 2), text).await;
                beginning.truncate(CAUSE_BYTES);
                Err(head.failure(&beginning))
            }
            Verdict::Retryable(reason) => Err(StepError::retryable(reason)),
        }
    }

    fn request(&self, task: &Task<Box<RawValue>>) -> Result<Request<Full<Bytes>>, StepError> {
        let metadata = TaskMetadata::from_task(task);
        let body = Bytes::copy_from_slice(task.input.get().as_bytes());
        let mut request = Request::post(self.url.uri.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT_ENCODING, "identity")
            .header(USER_AGENT, concat!("taskback/", env!("CARGO_PKG_VERSION")))
            .header("idempotency-key", metadata.fingerprint)
            .header("taskback-service", metadata.service);
        for (name, value) in [
            ("taskback-attempt", metadata.attempt),
            ("taskback-business-key", metadata.business_key),
            ("taskback-activity-type", metadata.activity_type),
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

/// The characters that a header cannot carry, the space (at an end) and the sign of the encoding itself.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

/// Reads to the end, or until there is more than an output may have. A body that ends early is an error.
async fn whole<B: BodyExt<Data = Bytes> + Unpin>(body: &mut B) -> Result<Vec<u8>, StepError>
where
    B::Error: Display,
{
    let mut bytes = Vec::new();
    while bytes.len() <= OUTPUT_BYTES
        && let Some(frame) = body.frame().await
    {
        let frame = frame.map_err(|error| {
            StepError::retryable(format!("the endpoint's response was cut short: {error}"))
        })?;
        bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
    }
    Ok(bytes)
}
