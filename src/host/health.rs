//! Liveness, readiness and metrics over HTTP.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use taskback_core::printable;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::connections::{Connections, InUse};
use crate::error::{Error, ErrorKind};
use crate::metrics::CONTENT_TYPE;

/// The maximum number of open connections. A check is answered at once, so that more of them wait for nothing.
const MAX_CONNECTIONS: usize = 64;
/// The time for the head of a request.
const HEAD: Duration = Duration::from_secs(5);
/// The time for a connection.
const MAX_AGE: Duration = Duration::from_secs(10);

/// A server that answers `GET /livez` with 200 as long as its thread runs, which receives, heartbeats and reports share,
/// `GET /readyz` with 200 or with 503 and the reason, and `GET /metrics` with the page for Prometheus.
pub(super) struct Health {
    state: State,
    accepting: Option<JoinHandle<Infallible>>,
}

/// The reason if the process is not ready.
type State = Arc<Mutex<Option<String>>>;

/// Makes the page of metrics.
pub(super) type Page = Arc<dyn Fn() -> String + Send + Sync>;

impl Health {
    /// Starts, not ready yet. Without an address no request is answered.
    pub(super) async fn serve(at: Option<SocketAddr>, page: Page) -> Result<Self, Error> {
        let state = Arc::new(Mutex::new(Some("starting".to_owned())));
        let Some(at) = at else { return Ok(Self { state, accepting: None }) };
        let listener = TcpListener::bind(at).await.map_err(|error| {
            Error::new(ErrorKind::Settings, format!("health cannot be answered at {at}: {error}"))
                .with_source(error)
        })?;
        let at = listener.local_addr()?;
        tracing::info!(event = "health.listening", %at, "answering /livez, /readyz and /metrics");
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state), page));
        Ok(Self { state, accepting: Some(accepting) })
    }

    pub(super) fn ready(&self) {
        self.set(None);
    }

    pub(super) fn unready(&self, reason: &str) {
        self.set(Some(printable(reason, 300)));
    }

    fn set(&self, reason: Option<String>) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }
}

impl Drop for Health {
    fn drop(&mut self) {
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
    }
}

async fn accept(listener: TcpListener, state: State, page: Page) -> Infallible {
    let mut connections = Connections::new(MAX_CONNECTIONS);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.serve(InUse::default(), answer(stream, Arc::clone(&state), Arc::clone(&page)));
            }
            // Mostly too many open files.
            Err(error) => {
                tracing::warn!(event = "health.connection_refused", %error, "failed to accept a health check");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin, state: State, page: Page) {
    let service =
        service_fn(async |request: Request<Incoming>| Ok::<_, Infallible>(judge(request, &state, &page)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(8 * 1024);
    // An error is a client that closed the connection, or that reads or writes too slowly.
    let _ = timeout(MAX_AGE, http.keep_alive(false).serve_connection(TokioIo::new(stream), service)).await;
}

fn judge(request: Request<Incoming>, state: &State, page: &Page) -> Response<Full<Bytes>> {
    if request.uri().path() == "/metrics" {
        let mut response = Response::new(Full::from(page()));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        return response;
    }
    let (status, text) = match request.uri().path() {
        "/livez" => (200, "live".to_owned()),
        "/readyz" => match &*state.lock().unwrap_or_else(PoisonError::into_inner) {
            None => (200, "ready".to_owned()),
            Some(reason) => (503, reason.clone()),
        },
        _ => (404, "/livez, /readyz and /metrics are here".to_owned()),
    };
    let mut response = Response::new(Full::from(text + "\n"));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, duplex};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn connection_ends_for_any_client() {
        for sent in [
            "",
            "GET /livez HTTP/1.1\r\nhost: x\r\n",
            // Its answer is never read.
            "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n",
            "POST /livez HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\nx",
        ] {
            // Less than an answer has.
            let (mut client, stream) = duplex(64);
            let began = Instant::now();
            let send = async {
                let _broken = client.write_all(sent.as_bytes()).await;
                client
            };
            tokio::join!(send, answer(stream, State::default(), Arc::new(String::new)));
            assert!(began.elapsed() <= MAX_AGE, "{sent:?}: {:?}", began.elapsed());
        }
    }
}
