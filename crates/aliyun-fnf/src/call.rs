use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use http::header::DATE;
use taskback_http::{Answer, Failure};
use tokio::time::Instant;

use crate::client::Inner;
use crate::operation::{Params, sealed};
use crate::wire::{self, Stamp};
use crate::{Client, Credentials, Error, ErrorKind, Operation, Paged, Slot};

/// One call of an operation: await it.
///
/// It is sent once, except that a clock which the service finds wrong is corrected, and
/// credentials which it refuses are refreshed; then the call is signed and sent again, once for
/// each. Neither kind of refusal has had an effect. Other errors are the caller's to try again.
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<O> {
    client: Client,
    request: O,
    credentials: Option<Credentials>,
    slot: Option<Slot>,
    by: Instant,
}

impl<O: Operation> Call<O> {
    pub(crate) fn new(client: Client, request: O) -> Self {
        Self { client, request, credentials: None, slot: None, by: Instant::now() + UNBOUNDED }
    }

    /// The moment at which the call ends, whatever it waits for: a slot, credentials, a
    /// connection, the answer. Without one it waits for a slot as long as it takes.
    pub fn by(mut self, deadline: Instant) -> Self {
        self.by = self.by.min(deadline);
        self
    }

    /// As [`by`](Self::by), counted from now.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.by(Instant::now() + timeout)
    }

    /// Signs with these instead of the client's own, such as those that come with a request on
    /// Function Compute. They are not refreshed.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Uses a slot that [`Limiter::acquire`](crate::Limiter::acquire) reserved ahead.
    pub fn slot(mut self, slot: Slot) -> Self {
        self.slot = Some(slot);
        self
    }

    async fn send(self) -> Result<O::Answer, Error> {
        let Call { client, request, credentials, slot, by } = self;
        let sending = Sending { client: &client.0, request: &request, given: credentials.is_some(), by };
        sending.run(credentials, slot).await.map_err(|error| error.of(O::NAME))
    }
}

impl<O: Operation> IntoFuture for Call<O> {
    type Output = Result<O::Answer, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<O: Paged> Call<O> {
    /// Every item of this page and of those after it, asked for as they are needed. The stream
    /// ends after its first error. Deadline and credentials are those of all pages together; a
    /// slot is for the first.
    pub fn stream(self) -> impl Stream<Item = Result<O::Item, Error>> + Send {
        let Call { client, request, credentials, slot, by } = self;
        let first = Some((request, slot, None));
        let pages = stream::try_unfold(first, move |next: Option<(O, Option<Slot>, Option<String>)>| {
            let (client, credentials) = (client.clone(), credentials.clone());
            async move {
                let Some((request, slot, this)) = next else { return Ok(None) };
                let call = Call { client, request: request.clone(), credentials, slot, by };
                let (items, token) = O::into_items(call.await?);
                if token.is_some() && token == this {
                    let error = Error::new(ErrorKind::Unexpected, "a page names itself as the next");
                    return Err(error.of(O::NAME).sent());
                }
                let next = token.map(|token| (request.page_after(token.clone()), None, Some(token)));
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

/// A year: as good as for ever, and no clock overflows.
const UNBOUNDED: Duration = Duration::from_secs(365 * 24 * 60 * 60);

struct Sending<'a, O> {
    client: &'a Inner,
    request: &'a O,
    /// The credentials were handed in with the call.
    given: bool,
    by: Instant,
}

impl<O: Operation> Sending<'_, O> {
    async fn run(&self, given: Option<Credentials>, slot: Option<Slot>) -> Result<O::Answer, Error> {
        let params = self.request.params()?;
        let slot = self.slot(slot).await?;
        let mut credentials = match given {
            Some(given) => given.check()?,
            None => self.client.credentials.get(self.client.now(), self.by).await?,
        };
        let _sent = slot.spend();
        let (mut corrected, mut refreshed) = (false, false);
        loop {
            let ahead = self.client.ahead();
            let (error, date) = match self.attempt(&params, &credentials).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            match error.kind() {
                ErrorKind::Skewed if !corrected && self.client.correct_clock(date.as_deref(), ahead) => {
                    corrected = true;
                }
                ErrorKind::Denied if !refreshed && !self.given => {
                    match self.client.credentials.instead_of(&credentials, self.by).await {
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

    async fn slot(&self, slot: Option<Slot>) -> Result<Slot, Error> {
        match slot {
            Some(slot) if slot.quota() == O::QUOTA => Ok(slot),
            Some(_) => Err(Error::invalid("slot", format!("is not of the {:?} quota", O::QUOTA))),
            None => {
                let had = self.client.limiter.acquire(O::QUOTA, self.by).await;
                had.map_err(|none| Error::new(ErrorKind::NoSlot, none.to_string()))
            }
        }
    }

    /// Sends once. With an error comes the time that the answer was dated with.
    async fn attempt(
        &self,
        params: &Params,
        credentials: &Credentials,
    ) -> Result<O::Answer, (Error, Option<String>)> {
        let client = self.client;
        let nonce = client.nonce().map_err(|error| (error, None))?;
        let stamp = Stamp { credentials, now: client.now(), nonce: &nonce };
        let (request, signature) = wire::request::<O>(&client.endpoint, &client.user_agent, params, &stamp)
            .map_err(|error| (error, None))?;
        let read_timeout = client.read_timeout + self.request.wait();
        let answer = client.http.send(request, read_timeout, self.by).await;
        let answer = answer.map_err(|failure| (unanswered(failure), None))?;

        let mut secrets: Vec<&str> = params.secrets.iter().map(String::as_str).collect();
        secrets.extend([&*credentials.access_key_secret, &credentials.access_key_id, &signature]);
        secrets.extend(credentials.security_token.as_deref());
        self.read(&answer, &secrets).map_err(|error| {
            let date = answer.headers.get(DATE).and_then(|date| date.to_str().ok());
            (error, date.map(str::to_owned))
        })
    }

    fn read(&self, answer: &Answer, secrets: &[&str]) -> Result<O::Answer, Error> {
        let fields = wire::fields(answer, secrets);
        match &fields {
            Err(error) if error.kind() == ErrorKind::Throttled => self.client.limiter.throttled(O::QUOTA),
            _ => self.client.limiter.passed(O::QUOTA),
        }
        fields.map(|fields| <O as sealed::Operation>::answer(&fields))
    }
}

fn unanswered(failure: Failure) -> Error {
    match failure {
        Failure::Unreached(why) => Error::new(ErrorKind::Unreached, why),
        Failure::NoAnswer(why, None) => Error::new(ErrorKind::NoAnswer, why).sent(),
        Failure::NoAnswer(why, Some(status)) => Error::new(ErrorKind::NoAnswer, why).answered(status),
    }
}
