//! The Runtime API as one child sees it, on a free port of loopback.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::answer::{Answer, Failure};
use super::exchange::Exchange;
use super::outer::{self, Outer};

/// Open connections of one child. Clients have one for each of their threads.
const MAX_CONNECTIONS: usize = 64;

/// Lambda's limit for an event and for a response, in bytes: more of a body is read and dropped, since a client must get
/// its answer.
const MAX_BODY: usize = 6 << 20;

/// The X-Ray cause of an error is a header of up to 1 MiB, and the error of a stream stands behind its body.
const MAX_HEAD: usize = 2 << 20;

const PREFIX: &str = "/2018-06-01/runtime/";
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const ERROR_BODY: &str = "lambda-runtime-function-error-body";
const INVOCATION_ID: &str = "lambda-runtime-invocation-id";

/// The server of one child; it ends when this is dropped, with all its connections.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Listens from now on: clients give a connection 1 s.
    pub(super) fn start(exchange: Arc<Exchange>, outer: Option<Outer>) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = TcpListener::from_std(listener)?;
        let child = Arc::new(ChildApi { host: address.to_string(), exchange, outer });
        Ok(Self { address, accepting: tokio::spawn(accept(listener, child)) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, child: Arc<ChildApi>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.len() >= MAX_CONNECTIONS {
            connections.join_next().await;
        }
        match listener.accept().await {
            Ok((stream, _)) => drop(connections.spawn(serve(stream, Arc::clone(&child)))),
            // Mostly too many open files: others get time to close first.
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, child: Arc<ChildApi>) {
    // Without it answers are only slower.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let child = Arc::clone(&child);
        async move { Ok::<_, Infallible>(child.answer(request).await) }
    });
    let mut server = http1::Builder::new();
    server.max_buf_size(MAX_HEAD).max_header_size(MAX_HEAD).title_case_headers(true);
    // An error means that the child hung up.
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}

/// The calls of one child.
struct ChildApi {
    /// The address by which it calls.
    host: String,
    exchange: Arc<Exchange>,
    /// The Runtime API of this process, where it has one.
    outer: Option<Outer>,
}

/// A body that was read to its end, and what came behind it.
struct Received {
    body: Vec<u8>,
    trailers: HeaderMap,
}

impl ChildApi {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        if self.is_of_a_page(&head.headers) {
            return error(StatusCode::FORBIDDEN, "Forbidden", "only the handler may call");
        }
        let path = head.uri.path().to_owned();
        let call: Vec<_> = path.strip_prefix(PREFIX).unwrap_or_default().split('/').collect();
        if (&head.method, &call[..]) == (&Method::GET, &["invocation", "next"]) {
            return self.exchange.next().await.into_response();
        }
        let Some(received) = receive(body).await else {
            return error(StatusCode::BAD_REQUEST, "InvalidRequest", "the body was cut off");
        };
        match (&head.method, &call[..]) {
            (&Method::POST, ["invocation", id, "response"]) => self.take(&head, id, received.into_answer()),
            (&Method::POST, ["invocation", id, "error"]) => {
                let failure = Failure::read(&received.body, header(&head.headers, ERROR_TYPE).as_deref());
                self.take(&head, id, Answer::Failed(failure))
            }
            (&Method::POST, ["init", "error"]) => {
                let failure = Failure::read(&received.body, header(&head.headers, ERROR_TYPE).as_deref());
                if let Some(outer) = self.outer.as_ref().filter(|outer| outer.takes_init_errors) {
                    // Lambda's answer changes nothing for the child.
                    outer.pass(head, received.body.into()).await;
                }
                self.exchange.fail_init(failure);
                accepted()
            }
            _ => match &self.outer {
                Some(outer) if outer::takes(&path) => outer.pass(head, received.body.into()).await,
                _ => error(StatusCode::NOT_FOUND, "NotFound", "there is no such call here"),
            },
        }
    }

    /// Returns whether a web page in a browser of this machine sent it: it would take a task.
    fn is_of_a_page(&self, headers: &HeaderMap) -> bool {
        headers.contains_key(ORIGIN) || header(headers, HOST.as_str()).as_ref() != Some(&self.host)
    }

    /// Some clients end their process at any other answer than 202, so it is the one to all that is theirs to say.
    fn take(&self, head: &Parts, id: &str, answer: Answer) -> Response<Full<Bytes>> {
        if self.exchange.take(id, header(&head.headers, INVOCATION_ID).as_deref(), answer) {
            return accepted();
        }
        tracing::warn!(
            event = "step.answer_dropped",
            "a handler answered an invocation that it does not have"
        );
        error(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
    }
}

impl Received {
    /// A stream that broke off has its error behind the body.
    fn into_answer(self) -> Answer {
        match header(&self.trailers, ERROR_TYPE) {
            Some(kind) => {
                let body = header(&self.trailers, ERROR_BODY).and_then(|body| BASE64.decode(body).ok());
                Answer::Failed(Failure::read(&body.unwrap_or_default(), Some(&kind)))
            }
            None => Answer::Output(self.body),
        }
    }
}

/// `None` = the body broke off.
async fn receive(mut body: Incoming) -> Option<Received> {
    let mut received = Received { body: Vec::new(), trailers: HeaderMap::new() };
    while let Some(frame) = body.frame().await {
        match frame.ok()?.into_data() {
            Ok(data) => {
                let room = (MAX_BODY + 1).saturating_sub(received.body.len());
                received.body.extend_from_slice(&data[..room.min(data.len())]);
            }
            Err(frame) => received.trailers = frame.into_trailers().unwrap_or_default(),
        }
    }
    Some(received)
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn accepted() -> Response<Full<Bytes>> {
    json(StatusCode::ACCEPTED, "{\"status\":\"OK\"}\n".into())
}

fn error(status: StatusCode, kind: &str, message: &str) -> Response<Full<Bytes>> {
    json(status, serde_json::json!({ "errorType": kind, "errorMessage": message }).to_string())
}

fn json(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    response
}
