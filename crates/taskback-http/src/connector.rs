//! The connection to a host: direct, or through a proxy's tunnel.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::failure::{ProxyError, ProxyUnreachable, UnknownHost};
use crate::proxy::Proxies;

/// TCP to the host itself, or to its proxy and through a tunnel.
#[derive(Clone)]
pub(crate) struct Connector {
    tcp: HttpConnector<Resolver>,
    to_proxy: ToProxy,
    proxies: Proxies,
}

impl Connector {
    /// The connector with TLS towards the hosts on top.
    pub(crate) fn with_tls(proxies: Proxies, tls: ClientConfig, timeout: Duration) -> HttpsConnector<Self> {
        let mut tcp = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Divided among the host's addresses, so that a silent first one cannot use up the whole time.
        tcp.set_connect_timeout(Some(timeout));
        let tls = Arc::new(tls);
        let to_proxy = ToProxy(HttpsConnector::from((tcp.clone(), Arc::clone(&tls))));
        HttpsConnector::from((Self { tcp, to_proxy, proxies }, tls))
    }
}

type BoxError = Box<dyn Error + Send + Sync>;
type Connection = MaybeHttpsStream<TokioIo<TcpStream>>;

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, BoxError>> + Send>>;

    /// Both connectors are always ready.
    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let Some(proxy) = self.proxies.proxy(&url) else {
            let connecting = self.tcp.call(url);
            return Box::pin(async move { Ok(MaybeHttpsStream::Http(connecting.await?)) });
        };
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.to_proxy.clone());
        if let Some(credentials) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(credentials.clone());
        }
        let connecting = with_port(url).map(|url| tunnel.call(url));
        Box::pin(async move { connecting?.await.map_err(|error| ProxyError(error.into()).into()) })
    }
}

/// A tunnel without a port would lead to 443, also for plain HTTP.
fn with_port(url: Uri) -> Result<Uri, http::Error> {
    if url.port().is_some() || url.scheme_str() != Some("http") {
        return Ok(url);
    }
    let host = format!("{}:80", url.host().unwrap_or_default());
    Uri::builder().scheme("http").authority(host).path_and_query("/").build()
}

/// TCP to a proxy, with TLS where its URL is `https`; the TLS of the host is inside of the tunnel.
#[derive(Clone)]
struct ToProxy(HttpsConnector<HttpConnector<Resolver>>);

impl Service<Uri> for ToProxy {
    type Response = Connection;
    type Error = ProxyUnreachable;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, ProxyUnreachable>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ProxyUnreachable>> {
        self.0.poll_ready(context).map_err(ProxyUnreachable)
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let connecting = self.0.call(url);
        Box::pin(async move { connecting.await.map_err(ProxyUnreachable) })
    }
}

/// The system's resolver, whose failure has a type of its own.
#[derive(Clone)]
pub(crate) struct Resolver(GaiResolver);

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = UnknownHost;
    type Future = Pin<Box<dyn Future<Output = Result<GaiAddrs, UnknownHost>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), UnknownHost>> {
        Service::poll_ready(&mut self.0, context).map_err(UnknownHost)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolving = self.0.call(name);
        Box::pin(async move { resolving.await.map_err(UnknownHost) })
    }
}
