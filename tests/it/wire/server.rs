//! A loopback server that sends scripted raw bytes.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use taskback::Service;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The reply to one request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Sends these bytes and keeps the connection open.
    Bytes(String),
    /// Sends these bytes and closes the connection.
    Last(String),
    /// Closes the connection before anything is read.
    Unread,
    /// Reads the request and resets the connection.
    Reset,
    /// Reads the request and never responds.
    Silence,
}

impl Reply {
    /// An HTTP response. `headers` are whole lines, each with its line end.
    pub(crate) fn http(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Bytes(format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n{body}"))
    }

    /// The service's own success.
    pub(crate) fn accepted(service: Service) -> Self {
        match service {
            Service::Fnf => Self::http(200, "", r#"{"EventId":7,"RequestId":"REQ-1"}"#),
            Service::Swf => Self::http(200, "x-amzn-RequestId: REQ-1\r\n", ""),
            Service::Sfn => Self::http(200, "x-amzn-RequestId: REQ-1\r\n", "{}"),
            Service::Durable => Self::http(200, "x-amzn-RequestId: REQ-1\r\n", ""),
        }
    }

    /// The same response, after which the connection is closed.
    pub(crate) fn and_close(self) -> Self {
        match self {
            Self::Bytes(bytes) => Self::Last(bytes),
            other => other,
        }
    }
}

/// A received request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

pub(crate) struct Server {
    pub(crate) url: String,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    script: Mutex<VecDeque<Reply>>,
    requests: Mutex<Vec<Request>>,
    connections: Mutex<usize>,
}

impl Server {
    /// Starts the server. After the end of the script it responds 599, which no test expects.
    pub(crate) async fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        Self::listen(TcpListener::bind("127.0.0.1:0").await.unwrap(), script)
    }

    pub(crate) fn listen(listener: TcpListener, script: impl IntoIterator<Item = Reply>) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script = Mutex::new(script.into_iter().collect());
        let shared = Arc::new(Shared { script, ..Shared::default() });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { url, shared, accepting }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.shared.connections.lock().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        *shared.connections.lock().unwrap() += 1;
        if shared.script.lock().unwrap().pop_front_if(|reply| matches!(reply, Reply::Unread)).is_some() {
            continue;
        }
        let shared = Arc::clone(&shared);
        // The client may disconnect at any time; then no response can be sent.
        tokio::spawn(async move { serve(stream, &shared).await.ok() });
    }
}

async fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    while let Some(request) = read(&mut stream).await? {
        shared.requests.lock().unwrap().push(request);
        let reply = shared.script.lock().unwrap().pop_front();
        match reply.unwrap_or_else(|| Reply::http(599, "", "")) {
            Reply::Bytes(bytes) => stream.write_all(bytes.as_bytes()).await?,
            Reply::Last(bytes) => return stream.write_all(bytes.as_bytes()).await,
            Reply::Unread | Reply::Reset => return stream.set_zero_linger(),
            Reply::Silence => std::future::pending().await,
        }
    }
    Ok(())
}

/// The next request of the connection, or `None` if the client closed it.
pub(crate) async fn read(stream: &mut TcpStream) -> io::Result<Option<Request>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let line = head.lines().next().unwrap().to_owned();
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    while bytes.len() < end + 4 + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
    let body = String::from_utf8(bytes[end + 4..].to_vec()).unwrap();
    Ok(Some(Request { line, head, body }))
}
