use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::answer::{Answer, Reply};
use crate::request::Request;
use crate::{State, fnf, local, swf};

/// How a [`Server`] is set up.
#[derive(Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one. By default 127.0.0.1, port 0. Off loopback
    /// everybody who reaches the port can end the tasks; that is allowed, with a warning.
    pub listen: SocketAddr,
    /// The access key that FnF requests are signed with, by default `taskback-local`.
    pub access_key_id: String,
    /// Its secret, by default `taskback-local-secret`.
    pub access_key_secret: String,
    /// Whether FnF's documented buckets hold, then 429 ResourceThrottled: StartExecution 100,
    /// refilled by 100 a second; DescribeExecution and GetExecutionHistory 50 and 5; all other calls
    /// together 10 and 2. Off by default.
    pub fnf_limits: bool,
}

/// The local services, listening until this value is dropped.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    state: State,
    accepting: JoinHandle<Infallible>,
}

impl Server {
    /// Starts to listen. Must be called within a tokio runtime with I/O and time.
    pub async fn bind(config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let addr = listener.local_addr()?;
        if !addr.ip().is_loopback() {
            tracing::warn!(%addr, "listening off loopback: whoever reaches this port can end tasks");
        }
        let state = State::new(fnf::Desk::new(&config));
        let accepting = tokio::spawn(accept(listener, state.clone()));
        Ok(Self { addr, state, accepting })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The endpoint for clients of either service, `http://ADDRESS:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The services' memory, to open tasks, inject faults and look.
    pub fn state(&self) -> &State {
        &self.state
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The open connections belong to that task and end with it.
        self.accepting.abort();
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            access_key_id: "taskback-local".to_owned(),
            access_key_secret: "taskback-local-secret".to_owned(),
            fnf_limits: false,
        }
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { listen, access_key_id, fnf_limits, .. } = self;
        let mut shown = f.debug_struct("Config");
        shown.field("listen", listen).field("access_key_id", access_key_id);
        shown.field("fnf_limits", fnf_limits).finish_non_exhaustive()
    }
}

async fn accept(listener: TcpListener, state: State) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, state.clone()));
                }
                // Out of file descriptors, mostly: whoever else is running gets a turn first.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_ended) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, state: State) {
    let _no_delay = stream.set_nodelay(true);
    let service = service_fn(|request| answer(&state, request));
    // An error is a client that went away, or a connection that a fault cut.
    let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(state: &State, request: hyper::Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let request = Request::read(request).await?;
    let reply = if request.path == "/_local" || request.path.starts_with("/_local/") {
        Reply::Answer(local::handle(state, &request))
    } else if request.path != "/" {
        let text = "{\"error\": \"nothing is here; the services are at / and /_local\"}";
        Reply::Answer(Answer::new(StatusCode::NOT_FOUND, "application/json", text))
    } else if request.headers.contains_key("x-amz-target") {
        swf::handle(state, &request).await
    } else {
        fnf::handle(state, &request).await
    };
    match reply {
        Reply::Answer(answer) => Ok(answer.into_response()),
        // An error makes hyper end the connection without a byte.
        Reply::Cut => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}
