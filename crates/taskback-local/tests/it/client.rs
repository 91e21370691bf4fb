//! A client on a bare socket, with a signer of its own.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use sha1::Sha1;
use taskback_local::{Config, OpenTask, OpenedTask, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::aws::json_call;
use crate::log;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// FnF's code, or SWF's without its name space.
    pub(crate) fn code(&self) -> String {
        let body = self.json();
        let code = body.get("Code").or(body.get("__type")).and_then(Value::as_str).unwrap_or_default();
        code.rsplit('#').next().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

pub(crate) async fn server() -> Server {
    bind(Config::default()).await
}

pub(crate) async fn bind(config: Config) -> Server {
    log::start();
    Server::bind(config).await.unwrap()
}

pub(crate) fn open(server: &Server, task: OpenTask) -> OpenedTask {
    server.state().open(task).unwrap()
}

/// One request on a connection of its own; `None` if the connection ended without a response.
pub(crate) async fn send(
    server: &Server,
    line: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<Answer> {
    let headers = [&[("host", "localhost")], headers].concat();
    send_as_it_is(server, line, &headers, body).await
}

/// Sends as [`send`] does, without a `Host` of its own.
pub(crate) async fn send_as_it_is(
    server: &Server,
    line: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<Answer> {
    let mut request = format!("{line} HTTP/1.1\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
}

pub(crate) async fn local(server: &Server, line: &str, body: Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    send(server, line, &[("content-type", "application/json")], &body).await.unwrap()
}

/// An FnF request, which a test can change before or after it is signed.
#[derive(Clone)]
pub(crate) struct Rpc {
    pub(crate) method: &'static str,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) body: Vec<(String, String)>,
    pub(crate) secret: String,
    pub(crate) content_type: String,
}

impl Rpc {
    pub(crate) fn new(action: &str, body: &[(&str, &str)]) -> Self {
        let mut rpc = Self {
            method: "POST",
            params: Vec::new(),
            body: body.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            secret: "taskback-local-secret".to_owned(),
            content_type: "application/x-www-form-urlencoded".to_owned(),
        };
        for (name, value) in [
            ("Action", action),
            ("Version", "2019-03-15"),
            ("Format", "json"),
            ("AccessKeyId", "taskback-local"),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("SignatureNonce", &format!("{:032x}", fastrand::u128(..))),
            ("Timestamp", &stamp(jiff::Timestamp::now())),
        ] {
            rpc = rpc.with(name, value);
        }
        rpc
    }

    /// A GET request with all its parameters in the query.
    pub(crate) fn get(action: &str, query: &[(&str, &str)]) -> Self {
        let rpc = Self { method: "GET", ..Self::new(action, &[]) };
        query.iter().fold(rpc, |rpc, (name, value)| rpc.with(name, value))
    }

    pub(crate) fn succeeded(task: &OpenedTask, output: &str) -> Self {
        Self::new("ReportTaskSucceeded", &[("Output", output)]).with("TaskToken", task.token.expose())
    }

    pub(crate) fn failed(task: &OpenedTask, error: &str, cause: &str) -> Self {
        let body = [("Error", error), ("Cause", cause)];
        Self::new("ReportTaskFailed", &body).with("TaskToken", task.token.expose())
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.params.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.params.retain(|(known, _)| known != name);
        self.body.retain(|(known, _)| known != name);
        self
    }

    pub(crate) async fn send(&self, server: &Server) -> Option<Answer> {
        let query = form(&self.params);
        let signature = format!("&Signature={}", encode(&self.signature()));
        self.send_signed(server, &format!("{query}{signature}")).await
    }

    pub(crate) async fn send_signed(&self, server: &Server, query: &str) -> Option<Answer> {
        let headers = [("content-type", self.content_type.as_str())];
        send(server, &format!("{} /?{query}", self.method), &headers, &form(&self.body)).await
    }

    pub(crate) async fn code(&self, server: &Server) -> (u16, String) {
        let answer = self.send(server).await.unwrap();
        (answer.status, answer.code())
    }

    fn signature(&self) -> String {
        let mut all: Vec<_> = self.params.iter().chain(&self.body).cloned().collect();
        all.sort();
        let text = format!("{}&%2F&{}", self.method, encode(&form(&all)));
        let mut mac = Hmac::<Sha1>::new_from_slice(format!("{}&", self.secret).as_bytes()).unwrap();
        mac.update(text.as_bytes());
        BASE64_STANDARD.encode(mac.finalize().into_bytes())
    }
}

pub(crate) async fn swf(server: &Server, operation: &str, body: Value) -> Answer {
    swf_or_cut(server, operation, body).await.unwrap()
}

pub(crate) async fn swf_or_cut(server: &Server, operation: &str, body: Value) -> Option<Answer> {
    json_call("swf", &format!("SimpleWorkflowService.{operation}"), &body).send(server).await
}

/// A time in FnF's format.
pub(crate) fn stamp(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(crate) fn encode(text: &str) -> String {
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    utf8_percent_encode(text, RESERVED).to_string()
}

fn form(pairs: &[(String, String)]) -> String {
    let pairs: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}
