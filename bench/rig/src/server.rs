//! HTTP/1.1 on loopback, with or without TLS.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::error::Error;

/// Responds to requests; `None` = the connection is cut instead.
pub trait Answers: Send + Sync + 'static {
    fn answer(&self, request: Request<Bytes>) -> impl Future<Output = Option<Response<Bytes>>> + Send;
}

/// Serves until the rig ends.
pub async fn serve(by: Arc<impl Answers>, tls: Option<TlsAcceptor>) -> Result<SocketAddr, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (by, tls) = (Arc::clone(&by), tls.clone());
            tokio::spawn(async move {
                if stream.set_nodelay(true).is_err() {
                    return;
                }
                match tls {
                    None => connection(by, stream).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            connection(by, stream).await;
                        }
                    }
                }
            });
        }
    });
    Ok(address)
}

/// Serves a connection. If it breaks, the counts of the reports show the effect.
async fn connection(by: Arc<impl Answers>, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let service = service_fn(move |request: Request<Incoming>| {
        let by = Arc::clone(&by);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
            let answer = by.answer(Request::from_parts(head, body)).await.ok_or(Cut)?;
            Ok::<_, Cut>(answer.map(Full::new))
        }
    });
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await; // the peer may close it
}

/// Makes hyper drop the connection without a response.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut")
    }
}

impl std::error::Error for Cut {}

/// Returns a JSON response.
pub fn json(status: u16, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    if let Ok(status) = status.try_into() {
        *response.status_mut() = status;
    }
    let kind = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, kind);
    response
}
