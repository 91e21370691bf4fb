//! Responses of FnF, through its client, over a loopback connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use aliyun_fnf::{Client, Credentials};
use serde_json::Value;
use taskback::{Fnf, Outcome, Output, Receipt, ReportRequest, Reporter, Service, ServiceResponse, TaskToken};
use taskback_core::{PriorAttempts, judge_response};
use tokio::runtime::Runtime;
use tokio::time::Instant;

const TOKEN: &str = "x1/A+token=\"é\\ of the fuzzer%";
const SECRET: &str = "a-secret-of-the-fuzzer";

/// The first two bytes are the status, the rest is the body. `TOKEN` and `SECRET` stand for the token, in its JSON form,
/// and the secret.
pub fn answers(data: &[u8]) {
    let [low, high, body @ ..] = data else { return };
    let status = 200 + u16::from_le_bytes([*low, *high]) % 400;
    let escaped = Value::from(TOKEN).to_string();
    let escaped = escaped.trim_matches('"');
    let text = String::from_utf8_lossy(body).replace("TOKEN", escaped).replace("SECRET", SECRET);
    // Responses with these statuses have no body.
    let body = if matches!(status, 204 | 304) { Vec::new() } else { text.into_bytes() };

    let peer = &*PEER;
    *peer.reply.lock().unwrap_or_else(PoisonError::into_inner) = (status, body.clone());
    let token = TaskToken::new(Service::Fnf, TOKEN).expect("it is short enough");
    let outcome = Outcome::Succeeded(Output::new(&"done").expect("it is JSON"));
    let answer = peer.runtime.block_on(async {
        let deadline = Instant::now() + Duration::from_secs(5);
        let request = ReportRequest { token: &token, outcome: &outcome, permit: None, deadline };
        peer.client().report(request).await
    });

    let read_body = serde_json::from_slice::<Value>(&body).ok();
    if matches!(answer, ServiceResponse::Accepted { .. }) {
        assert!((200..300).contains(&status), "{status}");
        if let Some(body) = &read_body {
            let id = body
                .get("RequestId")
                .or_else(|| body.get("requestId"))
                .expect("the service sends a request id");
            assert!(id.as_str().is_some_and(|id| !id.is_empty()) || id.is_number(), "{id}");
        }
    }
    let judged = judge_response(&token, &answer, PriorAttempts::default());
    if let Ok(Receipt::Closed { .. }) = judged {
        assert!(status >= 400, "{status}");
    }
    let shown = format!("{answer:?} {judged:?}");
    assert!(!shown.contains(TOKEN) && !shown.contains(escaped) && !shown.contains(SECRET), "{shown}");
}

struct Peer {
    runtime: Runtime,
    port: u16,
    reply: Arc<Mutex<(u16, Vec<u8>)>>,
}

impl Peer {
    /// Makes a new client for each report, because one client observes FnF's limit, and at another loopback address each
    /// time, because the ports of one address would be used up.
    fn client(&self) -> Fnf {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let [_, a, b, c] = NUMBER.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let url = format!("http://127.{}.{b}.{}:{}", a % 250, c % 250 + 1, self.port);
        let client = Client::builder().endpoint(&url).credentials(Credentials::new("a-key-id", SECRET));
        Fnf::new(client.build().expect("a client"))
    }
}

static PEER: LazyLock<Peer> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let listener = TcpListener::bind("0.0.0.0:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    let reply = Arc::new(Mutex::new((200, Vec::new())));
    let served = Arc::clone(&reply);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let served = Arc::clone(&served);
            std::thread::spawn(move || {
                let _ = serve(stream, &served); // the client may close the connection
            });
        }
    });
    Peer { runtime, port, reply }
});

/// Responds to every request of a connection.
fn serve(stream: TcpStream, reply: &Mutex<(u16, Vec<u8>)>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if line == "\r\n" {
                break;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())?;
        let (status, body) = reply.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut answer =
            format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
        answer.extend(body);
        writer.write_all(&answer)?;
    }
}
