use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use taskback_core::Service;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::access::Access;
use crate::config::Config;
use crate::emulators::emulator;
use crate::lifecycle::{Engines, Lifecycle};
use crate::request::Request;
use crate::response::{HttpResponse, Reply};
use crate::shared::SharedState;
use crate::state::LocalState;
use crate::{admin, call};

/// The local services, which listen until this value is dropped.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    state: SharedState,
    accept_loop: JoinHandle<Infallible>,
}

impl Server {
    /// Starts to listen. Must be called within a tokio runtime with I/O and time. An entry of `allow_hosts` that is not
    /// a host is an error of the kind `InvalidInput`.
    pub async fn bind(config: Config) -> io::Result<Self> {
        let access = Access::new(config.listen.ip(), &config.allow_hosts);
        let access = access.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let listener = TcpListener::bind(config.listen).await?;
        let addr = listener.local_addr()?;
        if !addr.ip().is_loopback() {
            tracing::warn!(
                event = "server.exposed",
                %addr,
                "listening off loopback: every client that reaches this port can end tasks"
            );
        }
        let engines = Engines { services: &Service::ALL, get: |service| emulator(service).engine };
        let operations = Service::ALL.iter().flat_map(|service| emulator(*service).engine.operations());
        let state = LocalState::new(&config, operations.collect());
        let state = SharedState::new(Lifecycle::new(state, engines));
        let accept_loop = tokio::spawn(accept(listener, state.clone(), Arc::new(access)));
        Ok(Self { addr, state, accept_loop })
    }

    /// The address that the server listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The endpoint for clients of every service, `http://ADDRESS:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The state of the services, to open tasks, inject faults and inspect the result.
    pub fn state(&self) -> &SharedState {
        &self.state
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The open connections belong to that task and end with it.
        self.accept_loop.abort();
    }
}

async fn accept(listener: TcpListener, state: SharedState, access: Arc<Access>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, state.clone(), Arc::clone(&access)));
                }
                // Usually a lack of file descriptors: the pause lets other tasks free some.
                Err(error) => {
                    tracing::warn!(event = "connection.failed", %error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, state: SharedState, access: Arc<Access>) {
    // Only latency depends on it.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| respond(&state, &access, request));
    let mut http = http1::Builder::new();
    // Also limits the time between two requests, beyond that for which clients reuse a connection.
    http.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(120));
    // An error is a client that disconnected, or a connection that a fault cut.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(
    state: &SharedState,
    access: &Access,
    request: hyper::Request<Incoming>,
) -> io::Result<Response<Full<Bytes>>> {
    let request = Request::read(request).await?;
    // From the end, so that a later service may accept a part of what an earlier one accepts.
    let service = Service::ALL.iter().rev().find(|service| emulator(**service).api.accepts(&request));
    let reply = if let Some(refusal) = access.refuse(&request) {
        Reply::Respond(refusal)
    } else if request.is_admin() {
        Reply::Respond(admin::handle(state, &request))
    } else if let Some(service) = service {
        call::handle(state, *service, emulator(*service).api, request).await
    } else {
        let text = "{\"error\": \"path: not found; the services are at / and /_local\"}";
        Reply::Respond(HttpResponse::new(StatusCode::NOT_FOUND, "application/json", text))
    };
    match reply {
        Reply::Respond(response) => Ok(response.into_hyper()),
        // An error makes hyper end the connection without a response.
        Reply::Disconnect => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}
