//! A host like Function Compute: starts the function, waits for its port and calls it.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::process::{Process, free_address};
use crate::support::MINUTE;

pub(super) struct Host {
    pub(super) caller: Caller,
    pub(super) process: Process,
}

#[derive(Clone)]
pub(super) struct Caller {
    address: String,
}

/// The function's response.
#[derive(Debug)]
pub(super) struct ServiceResponse {
    pub(super) status: u16,
    /// Whether the host counts the call as failed.
    pub(super) failed: bool,
    pub(super) body: Value,
    /// The body, unparsed.
    pub(super) text: String,
}

/// One call by the host.
pub(super) struct Call<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) id: &'a str,
    /// Whole lines, each with its line end.
    pub(super) headers: String,
    pub(super) body: &'a str,
}

/// The headers in which the host passes the role's keys.
pub(super) fn keys(id: &str, secret: &str, token: &str) -> String {
    format!(
        "x-fc-access-key-id: {id}\r\nx-fc-access-key-secret: {secret}\r\nx-fc-security-token: {token}\r\n"
    )
}

impl Host {
    pub(super) async fn start(command: &mut Command) -> Self {
        let address = free_address();
        let port = address.rsplit(':').next().unwrap();
        let process = Process::start(command.env("FC_SERVER_PORT", port));
        let host = Self { caller: Caller { address }, process };
        let listens = timeout(MINUTE, host.caller.connected()).await;
        assert!(listens.is_ok(), "it does not listen:\n{}", host.process.printed());
        host
    }
}

impl std::ops::Deref for Host {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl Caller {
    /// The function's own port, as soon as it listens.
    pub(super) async fn connected(&self) -> TcpStream {
        loop {
            match TcpStream::connect(&self.address).await {
                Ok(stream) => return stream,
                Err(_) => sleep(Duration::from_millis(10)).await,
            }
        }
    }

    pub(super) async fn invoke(&self, id: &str, headers: String, event: &str) -> ServiceResponse {
        self.call(Call { method: "POST", path: "/invoke", id, headers, body: event }).await
    }

    pub(super) async fn call(&self, call: Call<'_>) -> ServiceResponse {
        let Call { method, path, id, headers, body } = call;
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nx-fc-request-id: {id}\r\n\
             x-fc-function-name: worker\r\n{headers}content-length: {length}\r\n\r\n",
            self.address
        );
        let mut stream = self.connected().await;
        let answer = async {
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(body.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        };
        let answer = timeout(MINUTE, answer).await.expect("the function answers");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer}"));
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        let text = body.to_owned();
        let body = if body.is_empty() { Value::Null } else { serde_json::from_str(body).unwrap() };
        // Only the header marks a failure: a status without it counts as success.
        ServiceResponse {
            status,
            failed: head.to_ascii_lowercase().contains("\r\nx-fc-status: 404"),
            body,
            text,
        }
    }
}
