//! Liveness and readiness over HTTP.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::Error;

/// Answers `GET /livez` with 200 for as long as the thread that it shares with receives, heartbeats and
/// reports goes on, and `GET /readyz` with 200 or with 503 and why.
pub(super) struct Health {
    state: State,
    accepting: Option<JoinHandle<Infallible>>,
}

/// Why it is not ready, if it is not.
type State = Arc<Mutex<Option<String>>>;

impl Health {
    /// Not ready yet. Without an address nobody is answered.
    pub(super) async fn serve(at: Option<SocketAddr>) -> Result<Self, Error> {
        let state = Arc::new(Mutex::new(Some("starting".to_owned())));
        let Some(at) = at else { return Ok(Self { state, accepting: None }) };
        let listener = TcpListener::bind(at)
            .await
            .map_err(|error| Error::new(format!("health cannot be answered at {at}: {error}")))?;
        let at = listener.local_addr()?;
        tracing::info!(%at, "answers /livez and /readyz");
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state)));
        Ok(Self { state, accepting: Some(accepting) })
    }

    pub(super) fn ready(&self) {
        self.set(None);
    }

    pub(super) fn unready(&self, why: &str) {
        self.set(Some(why.to_owned()));
    }

    fn set(&self, why: Option<String>) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }
}

impl Drop for Health {
    fn drop(&mut self) {
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
    }
}

async fn accept(listener: TcpListener, state: State) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(answer(stream, Arc::clone(&state)))),
            // Out of file descriptors, mostly.
            Err(error) => {
                tracing::warn!(%error, "a health check was not taken");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn answer(stream: TcpStream, state: State) {
    let service = service_fn(async |request: Request<Incoming>| Ok::<_, Infallible>(judge(request, &state)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(5)).max_buf_size(8 * 1024);
    // An error is a client that went away.
    drop(http.keep_alive(false).serve_connection(TokioIo::new(stream), service).await);
}

fn judge(request: Request<Incoming>, state: &State) -> Response<Full<Bytes>> {
    let (status, text) = match request.uri().path() {
        "/livez" => (200, "live".to_owned()),
        "/readyz" => match &*state.lock().unwrap_or_else(PoisonError::into_inner) {
            None => (200, "ready".to_owned()),
            Some(why) => (503, why.clone()),
        },
        _ => (404, "/livez and /readyz are here".to_owned()),
    };
    let mut response = Response::new(Full::from(text + "\n"));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response
}
