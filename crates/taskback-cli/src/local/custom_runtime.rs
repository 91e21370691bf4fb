//! A function of Function Compute that runs here: its custom runtime is an HTTP server, which this process calls.

use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::value::RawValue;
use taskback::{CommandLine, FunctionAnswer};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// The process of a function. It is killed when this is dropped.
pub(super) struct CustomRuntime {
    child: Child,
    address: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
    number: AtomicU64,
}

/// The time of one invocation.
pub(super) const TIMEOUT: Duration = Duration::from_secs(60);
/// The time to start.
const START: Duration = Duration::from_secs(30);
/// The maximum size of a response.
const MAX_BYTES: usize = 32 << 20;

impl CustomRuntime {
    /// Starts the command with these variables added to this process's own, an empty value removes one, and waits until
    /// it listens. What it prints goes to stderr.
    pub(super) async fn start(
        line: &CommandLine,
        vars: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, String> {
        let failed = |error: io::Error| format!("the function {:?} did not start: {error}", line.program());
        let address = free_address().map_err(failed)?;
        let mut command = Command::new(line.program());
        command.args(line.arguments()).stdin(Stdio::null()).kill_on_drop(true);
        command.stdout(io::stderr().as_fd().try_clone_to_owned().map_err(failed)?);
        for (name, value) in vars {
            if value.is_empty() {
                command.env_remove(name);
            } else {
                command.env(name, value);
            }
        }
        command.env("FC_SERVER_PORT", address.port().to_string()).env("FC_FUNCTION_NAME", "function");
        command.env("TASKBACK_FC_TIMEOUT", TIMEOUT.as_secs().to_string());
        // A flow's message is not a call whose caller waits: an invocation that fails is repeated.
        command.env("TASKBACK_FC_INVOCATION", "async");
        let child = command.spawn().map_err(failed)?;
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut runtime = Self { child, address, client, number: AtomicU64::new(1) };
        runtime.listens().await?;
        Ok(runtime)
    }

    async fn listens(&mut self) -> Result<(), String> {
        let listens = async {
            while TcpStream::connect(self.address).await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            biased;
            listens = timeout(START, listens) => listens.map_err(|_| {
                format!("the function does not listen on port {} (FC_SERVER_PORT)", self.address.port())
            }),
            ended = self.child.wait() => Err(match ended {
                Ok(status) => format!("the function ended before it listened: {status}"),
                Err(error) => format!("the function ended before it listened: {error}"),
            }),
        }
    }

    /// Calls it with an event, as the host does.
    pub(super) async fn invoke(&self, event: &RawValue) -> Result<FunctionAnswer, String> {
        let id = format!("local-{}", self.number.fetch_add(1, Ordering::Relaxed));
        let request = Request::post(format!("http://{}/invoke", self.address))
            .header("content-type", "application/octet-stream")
            .header("x-fc-request-id", id)
            .header("x-fc-control-path", "/invoke")
            .body(Full::from(event.get().to_owned()));
        let request = request.map_err(|error| error.to_string())?;
        let called = async {
            let response = self.client.request(request).await.map_err(|_| DROPPED)?;
            let has_failed = response.headers().contains_key("x-fc-status");
            let body = Limited::new(response.into_body(), MAX_BYTES).collect().await.map_err(|_| DROPPED)?;
            let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
            Ok(if has_failed { FunctionAnswer::Failed(text) } else { FunctionAnswer::Responded(text) })
        };
        let late = |_| Err(format!("the function did not answer within {} s", TIMEOUT.as_secs()));
        timeout(TIMEOUT, called).await.unwrap_or_else(late)
    }
}

const DROPPED: &str = "the function dropped the connection before it answered: its own log, above, says why";

/// An address of loopback that is free. Its port is below those that systems choose themselves, so that no connection
/// takes it before the function does, and no other function of this process gets it.
fn free_address() -> io::Result<SocketAddr> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id() % 625 * 16;
    for _ in 0..PORTS {
        let offset = (start + NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS;
        let port = FIRST_PORT.saturating_add(u16::try_from(offset).unwrap_or_default());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    Err(io::Error::other("no port from 20000 to 29999 is free"))
}

const FIRST_PORT: u16 = 20_000;
const PORTS: u32 = 10_000;
