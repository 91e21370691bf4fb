//! The HTTP client of all service clients and of HTTP steps: HTTP/1.1, rustls with ring.
//!
//! They share one type, so that a function contains the code of one client and not of one for each SDK.

mod body;
mod connector;
mod failure;
mod hosts;
mod network;
mod proxy;
mod roots;

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{HeaderMap, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::{Instant, sleep_until, timeout_at};

use connector::Connector;
pub use failure::Failure;
use failure::describe;
pub use hosts::is_loopback;
pub use network::{Network, NetworkError};
use proxy::Proxies;
pub use roots::{Roots, certificates};

/// An HTTP/1.1 client. Clones share its connections.
#[derive(Clone)]
pub struct HttpClient {
    client: Client<HttpsConnector<Connector>, Full<Bytes>>,
    proxies: Proxies,
    connect_timeout: Duration,
}

/// The limits of one request. A response beyond any of them is [`Failure::NoResponse`]: the request may have been
/// accepted. hyper itself limits a response head to 100 headers and some 400 KB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The time from the connection to the end of the response.
    pub read_timeout: Duration,
    /// The end of everything, connecting included.
    pub deadline: Instant,
    /// The maximum size of the response body in bytes.
    pub max_body: usize,
}

/// A response that was read completely.
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// Shows the status and the size: headers and body may echo the request.
impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpResponse({} {} bytes)", self.status, self.body.len())
    }
}

impl HttpClient {
    /// Makes a client with the proxies and root certificates of this process's environment. `connect_timeout` covers name
    /// resolution, TCP, the proxy's tunnel and TLS together. `idle` is the time after which an unused connection is closed;
    /// with zero each request has a connection of its own.
    pub fn new(connect_timeout: Duration, idle: Duration, roots: Roots) -> io::Result<Self> {
        let network = Network::from_env().map_err(io::Error::other)?;
        Self::with_network(connect_timeout, idle, roots, network)
    }

    /// As [`new`](Self::new), with the proxies and root certificates given.
    pub fn with_network(
        connect_timeout: Duration,
        idle: Duration,
        roots: Roots,
        network: Network,
    ) -> io::Result<Self> {
        let Network { proxies, roots: bundle } = network;
        // A proxy may need TLS where the hosts do not.
        let roots = if roots == Roots::None && !proxies.is_empty() { Roots::IfAny } else { roots };
        let tls = roots::tls(roots, bundle.as_ref())?;
        let connector = Connector::with_tls(proxies.clone(), tls, connect_timeout);
        let mut client = Client::builder(TokioExecutor::new());
        client.pool_timer(TokioTimer::new()).pool_idle_timeout(idle);
        if idle.is_zero() {
            client.pool_max_idle_per_host(0);
        }
        Ok(Self { client: client.build(connector), proxies, connect_timeout })
    }

    /// Returns this client with another timeout for new connections.
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The timeout for name resolution, TCP and TLS together.
    pub fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// Sends a request once and reads the response within the limits. hyper itself resends only a request that a stale
    /// connection certainly did not transmit.
    pub async fn send(&self, request: Request<Full<Bytes>>, limits: Limits) -> Result<HttpResponse, Failure> {
        let Limits { read_timeout, deadline, max_body } = limits;
        if Instant::now() >= deadline {
            let reason = "the deadline passed before the request was sent";
            return Err(Failure::NotSent(self.place(request.uri()) + reason));
        }
        self.with_limits(request, read_timeout, deadline, |request| self.exchange(request, max_body)).await
    }

    /// Sends a request once and returns the response with its body unread. After the connection the only limit is a day:
    /// the caller limits the time.
    pub async fn begin(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Failure> {
        let deadline = Instant::now() + UNBOUNDED;
        self.with_limits(request, UNBOUNDED, deadline, |request| self.request(request)).await
    }

    async fn with_limits<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        mut request: Request<Full<Bytes>>,
        read_timeout: Duration,
        deadline: Instant,
        exchange: impl FnOnce(Request<Full<Bytes>>) -> F,
    ) -> Result<T, Failure> {
        let url = request.uri().clone();
        let mut connection = capture_connection(&mut request);
        let exchange = pin!(exchange(request));
        let limit = pin!(async {
            let connected = deadline.min(Instant::now() + self.connect_timeout);
            if timeout_at(connected, connection.wait_for_connection_metadata()).await.is_err() {
                return Failure::NotSent(self.place(&url) + "no connection in time");
            }
            sleep_until(deadline.min(Instant::now() + read_timeout)).await;
            Failure::NoResponse(self.place(&url) + "no response in time", None)
        });
        match select(exchange, limit).await {
            Either::Left((result, _)) => result,
            Either::Right((failure, _)) => Err(failure),
        }
    }

    async fn request(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Failure> {
        let url = request.uri().clone();
        self.client.request(request).await.map_err(|error| {
            // Its own text only names the phase.
            let reason = self.place(&url) + &describe(error.source().unwrap_or(&error));
            // A canceled request was returned unsent.
            let canceled = hyper_source(&error).is_some_and(hyper::Error::is_canceled);
            if error.is_connect() || canceled {
                Failure::NotSent(reason)
            } else {
                Failure::NoResponse(reason, None)
            }
        })
    }

    /// The host of a URL and its proxy, as texts of failures begin; nothing else of the URL.
    fn place(&self, url: &Uri) -> String {
        let host = url.authority().map_or("", |authority| host_and_port(authority.as_str()));
        match self.proxies.proxy(url) {
            Some(proxy) => {
                let proxy = proxy.uri().authority().map_or("", |authority| host_and_port(authority.as_str()));
                format!("{host} through the proxy {proxy}: ")
            }
            None => format!("{host}: "),
        }
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        max_body: usize,
    ) -> Result<HttpResponse, Failure> {
        let (head, body) = self.request(request).await?.into_parts();
        let status = head.status.as_u16();
        let body = body::read(body, max_body).await;
        let body = body.map_err(|reason| Failure::NoResponse(reason, Some(status)))?;
        Ok(HttpResponse { status, headers: head.headers, body })
    }
}

/// A day, the limit of requests whose caller limits the time.
pub const UNBOUNDED: Duration = Duration::from_secs(24 * 60 * 60);

impl std::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HttpClient")
    }
}

fn host_and_port(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_credentials, host)| host)
}

fn hyper_source<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a hyper::Error> {
    error.source().and_then(|source| source.downcast_ref())
}

#[cfg(test)]
mod tests;
