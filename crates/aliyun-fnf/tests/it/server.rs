//! A scripted server on loopback: one reply for each request, and a record of the requests.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aliyun_fnf::{Client, ClientBuilder, Credentials, sign};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const TOKEN: &str = "djEjYSNkZTdkYWZjMi0zMGRlLTRlMDMtOTA2OC0yMTMxYmM5NGJlZTIjNSMvV1ZHYks3+/==";
pub(crate) const KEY_ID: &str = "LTAI5tTESTKEYID00000001";
pub(crate) const SECRET: &str = "TestAccessKeySecret0000000001";
pub(crate) const SECURITY_TOKEN: &str = "CAISTestSecurityToken+/=0001";
pub(crate) const REPORTED: &str = r#"{"EventId":7,"RequestId":"REQ-1"}"#;

pub(crate) enum Reply {
    /// A status with headers and a body; the connection stays open.
    Answer(u16, &'static str, String),
    /// A response, and then the connection is closed.
    AnswerAndClose(u16, String),
    /// These bytes, then nothing.
    Raw(String),
    /// The request is read, and the connection is closed.
    Cut,
    /// A response that is shorter than its length.
    Half,
    /// The request is read and never answered.
    Silence,
}

pub(crate) fn ok(body: &str) -> Reply {
    answer(200, body)
}

pub(crate) fn answer(status: u16, body: &str) -> Reply {
    Reply::Answer(status, "", body.to_owned())
}

pub(crate) fn refusal(status: u16, code: &str) -> Reply {
    answer(status, &format!(r#"{{"Code":"{code}","Message":"because","RequestId":"REQ-2"}}"#))
}

#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) endpoint: String,
    seen: Arc<Mutex<Vec<Request>>>,
    connections: Arc<Mutex<usize>>,
}

#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

impl Server {
    /// Starts a server with a script. After the script it answers 599.
    pub(crate) async fn start(script: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { endpoint, seen: Arc::default(), connections: Arc::default() };
        let script = Arc::new(Mutex::new(script.into_iter()));
        let this = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *this.connections.lock().unwrap() += 1;
                let (this, script) = (this.clone(), Arc::clone(&script));
                tokio::spawn(async move {
                    serve(stream, &this, || script.lock().unwrap().next()).await;
                });
            }
        });
        server
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder().endpoint(&self.endpoint).credentials(Credentials::new(KEY_ID, SECRET))
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

impl Request {
    /// Every parameter of query and body, decoded.
    pub(crate) fn params(&self) -> Vec<(String, String)> {
        let query = self.line.split(['?', ' ']).nth(2).unwrap_or_default();
        let query = if self.line.contains('?') { query } else { "" };
        let pairs = query.split('&').chain(self.body.split('&')).filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap();
                (decode(name), decode(value))
            })
            .collect()
    }

    pub(crate) fn param(&self, name: &str) -> Option<String> {
        self.params().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// True if the request is signed with this secret.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let params = self.params();
        let (signature, rest): (Vec<_>, Vec<_>) = params.iter().partition(|(name, _)| name == "Signature");
        let query = sign::canonical_query(rest.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        let method = self.line.split(' ').next().unwrap();
        signature.len() == 1 && sign::verify(secret, &sign::string_to_sign(method, &query), &signature[0].1)
    }
}

/// Lets everything that is ready on this thread happen, the network included.
pub(crate) async fn settle() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

/// `2025-01-02T03:04:05Z`
pub(crate) fn fixed_clock() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_735_787_045)
}

async fn serve(mut stream: TcpStream, server: &Server, mut next: impl FnMut() -> Option<Reply>) {
    while let Some(request) = read(&mut stream).await {
        server.seen.lock().unwrap().push(request);
        match next().unwrap_or_else(|| answer(599, "")) {
            Reply::Answer(status, headers, body) => write(&mut stream, status, headers, &body).await,
            Reply::AnswerAndClose(status, body) => return write(&mut stream, status, "", &body).await,
            // A client that has had enough hangs up.
            Reply::Raw(bytes) => {
                let _ = stream.write_all(bytes.as_bytes()).await; // the client may have closed it
            }
            Reply::Cut => return,
            Reply::Half => {
                let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{";
                return stream.write_all(half).await.unwrap();
            }
            Reply::Silence => std::future::pending().await,
        }
    }
}

async fn write(stream: &mut TcpStream, status: u16, headers: &str, body: &str) {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n");
    // The client may have gone; then the answer is lost, as it would be elsewhere.
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n").map(str::to_owned);
    let line = lines.next().unwrap();
    let headers: Vec<String> = lines.collect();
    let length = headers.iter().find_map(|header| header.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    while bytes.len() < end + 4 + length {
        stream.read_buf(&mut bytes).await.ok()?;
    }
    let body = String::from_utf8(bytes[end + 4..].to_vec()).unwrap();
    Some(Request { line, headers, body })
}

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(&text.replace('+', "%20")).decode_utf8().unwrap().into_owned()
}
