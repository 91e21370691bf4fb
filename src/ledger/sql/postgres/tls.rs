//! TLS for tokio-postgres, by the rustls of the tree.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_postgres::tls::{ChannelBinding, TlsConnect};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::super::driver::Failure;
use super::super::roots::roots;
use super::super::server::DatabaseServer;
use crate::future::BoxFuture;

/// A TLS client without channel binding.
pub(super) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Tls {
    pub(super) fn new(server: &DatabaseServer) -> Result<Self, Failure> {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots(server.ca.as_deref())?);
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let unusable = |_| Failure::Refused("TLS cannot be set up".to_owned());
        let builder = builder.with_safe_default_protocol_versions().map_err(unusable)?;
        let config = builder.with_root_certificates(store).with_no_client_auth();
        let name = ServerName::try_from(server.host.clone());
        let name =
            name.map_err(|_| Failure::Refused("no certificate can be for this host name".to_owned()))?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
    }
}

impl TlsConnect<TcpStream> for Tls {
    type Stream = Secured;
    type Error = std::io::Error;
    type Future = BoxFuture<'static, std::io::Result<Secured>>;

    fn connect(self, stream: TcpStream) -> Self::Future {
        Box::pin(async move { self.connector.connect(self.name, stream).await.map(Secured) })
    }
}

/// A stream under TLS.
pub(super) struct Secured(TlsStream<TcpStream>);

impl tokio_postgres::tls::TlsStream for Secured {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Secured {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Secured {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
