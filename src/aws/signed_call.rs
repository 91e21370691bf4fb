//! One signed request to a service of AWS: what an SDK's `send()` sends, without what it does around it for every call.
//!
//! The request is captured once from the SDK itself, with its endpoint and headers, or made from parts where there is no
//! SDK; each call has its own body, date and signature. Retries are the caller's, but for refusals of the signature,
//! after which the service did nothing.

mod clock;
#[cfg(any(feature = "sfn", feature = "swf"))]
mod operation;
mod refusal;
mod template;
mod unanswered;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use bytes::Bytes;
use taskback_http::HttpResponse;
use tokio::time::Instant;

use super::credentials::CredentialCache;
use super::http;
use super::unsent::credentials_fault;
use clock::Clock;
use refusal::Refusal;

#[cfg(any(feature = "sfn", feature = "swf"))]
pub(crate) use operation::{Operation, SAMPLE, sample_keys};
#[cfg(feature = "durable")]
pub(crate) use template::Scope;
pub(crate) use template::Template;
pub(crate) use unanswered::Unanswered;

/// The sender of signed calls, through the connections and with the credentials of the SDK's clients. Clones share the
/// corrected clock.
#[derive(Clone)]
pub(crate) struct SignedCalls {
    http: http::Client,
    credentials: CredentialCache,
    clock: Arc<Clock>,
}

/// The maximum time that a call waits for credentials.
const CREDENTIALS_PATIENCE: Duration = Duration::from_secs(5);

impl SignedCalls {
    pub(super) fn new(http: http::Client, credentials: CredentialCache) -> Self {
        Self { http, credentials, clock: Arc::default() }
    }

    /// Sends an operation with this input, of its own type.
    #[cfg(any(feature = "sfn", feature = "swf"))]
    pub(crate) async fn send_input<I, E>(
        &self,
        operation: &Operation,
        input: Result<I, E>,
        deadline: Instant,
    ) -> Result<HttpResponse, Unanswered>
    where
        I: fmt::Debug + Send + Sync + 'static,
    {
        let body = input.ok().and_then(|input| operation.body(input)).ok_or(Unanswered::NotBuilt)?;
        self.send(operation, &body, deadline).await
    }

    /// Sends the operation with this body until `deadline`, and returns any answer, unjudged.
    ///
    /// The call is sent again, once for each reason, if the service finds the clock wrong or refuses credentials for which
    /// the source has others by now.
    pub(crate) async fn send(
        &self,
        operation: &impl AsRef<Template>,
        body: &Bytes,
        deadline: Instant,
    ) -> Result<HttpResponse, Unanswered> {
        let loaded = self.credentials.get(self.clock.now(), credentials_deadline(deadline)).await;
        let mut credentials = loaded.map_err(|error: Arc<CredentialsError>| credentials_fault(&error))?;
        let (mut corrected, mut refreshed) = (false, false);
        loop {
            let offset = self.clock.offset();
            let request = operation
                .as_ref()
                .request(body, &credentials, self.clock.now())
                .ok_or(Unanswered::NotBuilt)?;
            let response = self.http.send(request, deadline).await?;
            let Some(refusal) = Refusal::from_response(&response) else { return Ok(response) };
            if refusal.may_be_the_clock() && !corrected && self.clock.correct(&response.headers, offset) {
                corrected = true;
            } else if refusal.may_be_the_credentials() && !refreshed {
                let until = credentials_deadline(deadline);
                match self.credentials.replacement_for(&credentials, until).await {
                    Some(other) => credentials = other,
                    None => return Ok(response),
                }
                refreshed = true;
            } else {
                return Ok(response);
            }
        }
    }
}

/// Half of the time that remains: a call that could not be sent should say so before its caller gives up.
fn credentials_deadline(deadline: Instant) -> Instant {
    let now = Instant::now();
    now + (deadline.saturating_duration_since(now) / 2).min(CREDENTIALS_PATIENCE)
}

/// Opaque: it holds credentials.
impl fmt::Debug for SignedCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedCalls")
    }
}

#[cfg(test)]
mod tests;
