use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use http::header::DATE;
use taskback_http::{Failure, HttpResponse, Limits};
use tokio::time::Instant;

use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind};
use crate::inner::Inner;
use crate::limiter::Permit;
use crate::operation::{Operation, Paged, Params, sealed};
use crate::pages::PageGuard;
use crate::wire::{self, SigningContext};

/// One call of an operation, sent when it is awaited.
///
/// It is sent once, with two exceptions: if the service finds the clock wrong, the clock is corrected, and if it rejects
/// the credentials, they are refreshed. Then the call is signed and sent again, once for each. A request that was
/// rejected like this had no effect. Other errors are for the caller to retry.
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<O> {
    client: Arc<Inner>,
    request: O,
    credentials: Option<Credentials>,
    permit: Option<Permit>,
    deadline: Instant,
}

impl<O: Operation> Call<O> {
    pub(crate) fn new(client: Arc<Inner>, request: O) -> Self {
        let deadline = Instant::now() + UNBOUNDED;
        Self { client, request, credentials: None, permit: None, deadline }
    }

    /// Sets the time at which the call ends at the latest, whether it waits for a permit, credentials, a connection or the
    /// response. Of several deadlines the earliest is used. Without one the wait for a permit is not limited.
    pub fn deadline(mut self, deadline: Instant) -> Self {
        self.deadline = self.deadline.min(deadline);
        self
    }

    /// Sets the [`deadline`](Self::deadline), counted from now.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.deadline(Instant::now() + timeout)
    }

    /// Signs with these credentials instead of the client's, for example with those of a request on Function Compute. They
    /// are not refreshed.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Uses a permit that [`Limiter::acquire`](crate::Limiter::acquire) reserved ahead.
    pub fn permit(mut self, permit: Permit) -> Self {
        self.permit = Some(permit);
        self
    }

    async fn send(self) -> Result<O::Response, Error> {
        let Call { client, request, credentials, permit, deadline } = self;
        let has_own_credentials = credentials.is_some();
        let sender = Sender { client: &client, request: &request, has_own_credentials, deadline };
        sender.run(credentials, permit).await.map_err(|error| error.with_operation(O::NAME))
    }
}

impl<O: Operation> IntoFuture for Call<O> {
    type Output = Result<O::Response, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<O: Paged> Call<O> {
    /// Returns every item of this page and the following ones, which are requested as needed. The stream ends after its
    /// first error; a page that refers to an earlier one is an error. Deadline and credentials are for all pages together,
    /// a permit is for the first.
    pub fn stream(self) -> impl Stream<Item = Result<O::Item, Error>> + Send {
        let Call { client, request, credentials, permit, deadline } = self;
        let first = Some((request, permit, PageGuard::new(usize::MAX)));
        let pages = stream::try_unfold(first, move |next: Option<(O, Option<Permit>, PageGuard)>| {
            let (client, credentials) = (Arc::clone(&client), credentials.clone());
            async move {
                let Some((request, permit, mut guard)) = next else { return Ok(None) };
                let call = Call { client, request: request.clone(), credentials, permit, deadline };
                let (items, token) = O::into_items(call.await?);
                let next = match token {
                    Some(token) => {
                        guard.allow(&token).map_err(|error| error.with_operation(O::NAME))?;
                        Some((request.page_after(token), None, guard))
                    }
                    None => None,
                };
                Ok(Some((stream::iter(items).map(Ok), next)))
            }
        });
        pages.try_flatten()
    }
}

impl<O: fmt::Debug> fmt::Debug for Call<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Call").field(&self.request).finish()
    }
}

/// A year: practically unlimited, without overflow of a clock.
const UNBOUNDED: Duration = Duration::from_secs(365 * 24 * 60 * 60);

struct Sender<'a, O> {
    client: &'a Inner,
    request: &'a O,
    /// True if the call has credentials of its own.
    has_own_credentials: bool,
    deadline: Instant,
}

impl<O: Operation> Sender<'_, O> {
    async fn run(&self, own: Option<Credentials>, permit: Option<Permit>) -> Result<O::Response, Error> {
        let params = self.request.params()?;
        let permit = self.permit(permit).await?;
        let mut credentials = match own {
            Some(own) => own.check()?,
            None => self.client.credentials.get(self.client.now(), self.deadline).await?,
        };
        let mut in_flight = Some(permit.spend());
        let (mut corrected, mut refreshed) = (false, false);
        loop {
            let offset = self.client.clock_offset();
            let result = self.attempt(&params, &credentials).await;
            // A call that waits for other credentials is not in flight.
            drop(in_flight.take());
            let (error, date) = match result {
                Ok(response) => return Ok(response),
                Err(failed) => failed,
            };
            match error.kind() {
                ErrorKind::Skewed if !corrected && self.client.correct_clock(date.as_deref(), offset) => {
                    corrected = true;
                }
                ErrorKind::Denied if !refreshed && !self.has_own_credentials => {
                    match self.client.credentials.replacement_for(&credentials, self.deadline).await {
                        Some(other) => credentials = other,
                        None => return Err(error),
                    }
                    refreshed = true;
                }
                _ => return Err(error),
            }
            self.client.limiter.charge(O::QUOTA);
        }
    }

    async fn permit(&self, permit: Option<Permit>) -> Result<Permit, Error> {
        match permit {
            Some(permit) if permit.quota() == O::QUOTA => Ok(permit),
            Some(_) => Err(Error::invalid("permit", format!("has the wrong quota, expected {:?}", O::QUOTA))),
            None => {
                let acquired = self.client.limiter.acquire(O::QUOTA, self.deadline).await;
                acquired.map_err(|error| Error::new(ErrorKind::NoPermit, error.to_string()))
            }
        }
    }

    /// Sends the request once. An error comes with the date of the response.
    async fn attempt(
        &self,
        params: &Params,
        credentials: &Credentials,
    ) -> Result<O::Response, (Error, Option<String>)> {
        let client = self.client;
        let nonce = client.nonce().map_err(|error| (error, None))?;
        let context = SigningContext { credentials, now: client.now(), nonce: &nonce };
        let (request, signature) =
            wire::build_request::<O>(&client.endpoint, &client.user_agent, params, &context)
                .map_err(|error| (error, None))?;
        let limits = Limits {
            read_timeout: client.read_timeout + self.request.wait(),
            deadline: self.deadline,
            max_body: O::MAX_RESPONSE,
        };
        let response = client.http.send(request, limits).await;
        let response = response.map_err(|failure| (to_error(failure), None))?;

        let mut secrets: Vec<&str> = params.secrets.iter().map(String::as_str).collect();
        secrets.extend([&*credentials.access_key_secret, &credentials.access_key_id, &signature]);
        secrets.extend(credentials.security_token.as_deref());
        self.parse(&response, &secrets).map_err(|error| {
            let date = response.headers.get(DATE).and_then(|date| date.to_str().ok());
            (error, date.map(str::to_owned))
        })
    }

    fn parse(&self, response: &HttpResponse, secrets: &[&str]) -> Result<O::Response, Error> {
        let fields = wire::parse_response(response, secrets);
        match &fields {
            Err(error) if error.kind() == ErrorKind::Throttled => {
                self.client.limiter.record_throttle(O::QUOTA)
            }
            _ => self.client.limiter.record_response(O::QUOTA),
        }
        fields.map(|fields| <O as sealed::Operation>::parse(&fields))
    }
}

fn to_error(failure: Failure) -> Error {
    match failure {
        Failure::NotSent(reason) => Error::new(ErrorKind::NotSent, reason),
        Failure::NoResponse(reason, None) => Error::new(ErrorKind::NoResponse, reason).maybe_sent(),
        Failure::NoResponse(reason, Some(status)) => {
            Error::new(ErrorKind::NoResponse, reason).with_status(status)
        }
    }
}
