//! The HTTP client under every service's client and under HTTP steps: HTTP/1.1, rustls with ring.
//!
//! One type for all of them, so that a function holds one client's code and not one for each SDK.

use std::error::Error as StdError;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{HttpConnector, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Instant, sleep_until, timeout_at};

/// HTTP/1.1; clones share its connections.
#[derive(Clone)]
pub struct HttpClient {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    connect_timeout: Duration,
}

/// An answer that was read to its end.
pub struct Answer {
    /// The status line's code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// Why there is no answer. The texts come from the transport and know nothing of the request.
pub enum Failure {
    /// The request was certainly not sent.
    Unreached(String),
    /// The request may have arrived. The status, if an answer began.
    NoAnswer(String, Option<u16>),
}

/// Whom TLS trusts: the machine's root certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roots {
    /// A machine that has none is a fault already now.
    Required,
    /// On a machine that has none TLS trusts nobody, and plain HTTP works.
    IfAny,
    /// They are not read; only plain HTTP works.
    None,
}

impl HttpClient {
    /// `connect_timeout`: for name, TCP and TLS together. `idle`: how long an unused connection is
    /// kept; zero = each request has a connection of its own.
    pub fn new(connect_timeout: Duration, idle: Duration, roots: Roots) -> io::Result<Self> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Shared out among the host's addresses: the first one that is silent must not take it all.
        tcp.set_connect_timeout(Some(connect_timeout));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(roots)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let mut client = Client::builder(TokioExecutor::new());
        client.pool_timer(TokioTimer::new()).pool_idle_timeout(idle);
        if idle.is_zero() {
            client.pool_max_idle_per_host(0);
        }
        let client = client.build(connector);
        Ok(Self { client, connect_timeout })
    }

    /// The same connections, with another limit for new ones.
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// For name, TCP and TLS together.
    pub fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// Sends once. The read timeout runs from the connection to the end of the answer; `by` ends
    /// it all. hyper sends again by itself only what it knows an old connection did not take.
    pub async fn send(
        &self,
        request: Request<Full<Bytes>>,
        read_timeout: Duration,
        by: Instant,
    ) -> Result<Answer, Failure> {
        if Instant::now() >= by {
            return Err(Failure::Unreached("the deadline came before the request was sent".to_owned()));
        }
        self.watched(request, read_timeout, by, |request| self.exchange(request)).await
    }

    /// Sends once and hands back the answer with its body unread. Beyond the connection the
    /// only limit is a day: the caller sees to the time.
    pub async fn begin(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Failure> {
        let by = Instant::now() + UNBOUNDED;
        self.watched(request, UNBOUNDED, by, |request| self.request(request)).await
    }

    async fn watched<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        mut request: Request<Full<Bytes>>,
        read_timeout: Duration,
        by: Instant,
        exchange: impl FnOnce(Request<Full<Bytes>>) -> F,
    ) -> Result<T, Failure> {
        let mut connection = capture_connection(&mut request);
        let exchange = pin!(exchange(request));
        let limit = pin!(async {
            let connect_by = by.min(Instant::now() + self.connect_timeout);
            if timeout_at(connect_by, connection.wait_for_connection_metadata()).await.is_err() {
                return Failure::Unreached("no connection in time".to_owned());
            }
            sleep_until(by.min(Instant::now() + read_timeout)).await;
            Failure::NoAnswer("no answer in time".to_owned(), None)
        });
        match select(exchange, limit).await {
            Either::Left((answered, _)) => answered,
            Either::Right((failure, _)) => Err(failure),
        }
    }

    async fn request(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Failure> {
        self.client.request(request).await.map_err(|error| {
            // A canceled request was handed back unsent.
            let canceled = hyper_source(&error).is_some_and(hyper::Error::is_canceled);
            if error.is_connect() || canceled {
                Failure::Unreached(chain(&error))
            } else {
                Failure::NoAnswer(chain(&error), None)
            }
        })
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
        let (head, body) = self.request(request).await?.into_parts();
        let status = head.status.as_u16();
        let body = Limited::new(body, MOST_ANSWER_BYTES).collect().await;
        let body = body.map_err(|error| Failure::NoAnswer(chain(&*error), Some(status)))?.to_bytes();
        Ok(Answer { status, headers: head.headers, body })
    }
}

/// A day: whoever calls has a deadline.
pub const UNBOUNDED: Duration = Duration::from_secs(24 * 60 * 60);

/// More than any answer of the services: FnF's longest is a history of 1000 events at 64 KiB each.
const MOST_ANSWER_BYTES: usize = 64 << 20;

/// The text alone.
impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Unreached(why) | Self::NoAnswer(why, _)) = self;
        f.write_str(why)
    }
}

impl std::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HttpClient")
    }
}

fn tls(roots: Roots) -> io::Result<ClientConfig> {
    let builder = || {
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)
    };
    if roots != Roots::None {
        match builder()?.with_native_roots() {
            Ok(config) => return Ok(config.with_no_client_auth()),
            Err(error) if roots == Roots::Required => return Err(error),
            Err(_) => {}
        }
    }
    Ok(builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

fn hyper_source<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a hyper::Error> {
    error.source().and_then(|source| source.downcast_ref())
}

fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}
