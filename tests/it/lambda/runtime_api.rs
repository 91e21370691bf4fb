//! Lambda's Runtime API on loopback: sends events, several at once, and receives the responses.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use serde_json::value::RawValue;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::wire::server::{Reply, read};

pub(crate) struct RuntimeApi {
    pub(crate) address: String,
    shared: Arc<Shared>,
    give: mpsc::UnboundedSender<Invocation>,
    answers: mpsc::UnboundedReceiver<ServiceResponse>,
    accepting: JoinHandle<()>,
}

/// The function's response.
#[derive(Debug)]
pub(crate) struct ServiceResponse {
    pub(crate) id: String,
    pub(crate) failed: bool,
    pub(crate) body: Value,
    /// The body, unparsed.
    pub(crate) text: String,
}

struct Invocation {
    id: String,
    event: String,
    time: Duration,
}

struct Shared {
    next: Mutex<mpsc::UnboundedReceiver<Invocation>>,
    answer: mpsc::UnboundedSender<ServiceResponse>,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

impl RuntimeApi {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (give, next) = mpsc::unbounded_channel();
        let (answer, answers) = mpsc::unbounded_channel();
        let (open, most_open) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let shared = Arc::new(Shared { next: Mutex::new(next), answer, open, most_open });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared, give, answers, accepting }
    }

    /// Sends the event in response to the next request; its deadline counts from then.
    pub(crate) fn invoke(&self, id: &str, event: &RawValue, time: Duration) {
        self.give.send(Invocation { id: id.to_owned(), event: event.get().to_owned(), time }).ok().unwrap();
    }

    /// The next response, of any invocation.
    pub(crate) async fn answer(&mut self) -> ServiceResponse {
        timeout(Duration::from_secs(60), self.answers.recv()).await.expect("the function answers").unwrap()
    }

    /// The largest number of concurrent invocations.
    pub(crate) fn most_open(&self) -> usize {
        self.shared.most_open.load(Ordering::SeqCst)
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        // A killed function disconnects in the middle of a request.
        tokio::spawn(async move { serve(stream, &shared).await.ok() });
    }
}

async fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    while let Some(request) = read(&mut stream).await? {
        let path: Vec<&str> = request.line.split(['/', ' ']).collect();
        let reply = match path[..] {
            ["GET", "", "2018-06-01", "runtime", "invocation", "next", ..] => shared.next().await,
            ["POST", "", "2018-06-01", "runtime", "invocation", id, end @ ("response" | "error"), ..] => {
                shared.take(ServiceResponse {
                    id: id.to_owned(),
                    failed: end == "error",
                    body: serde_json::from_str(&request.body).unwrap(),
                    text: request.body,
                })
            }
            ["GET", "", "2018-06-01", "runtime", "restore", "next", ..] => Reply::http(200, "", ""),
            _ => Reply::http(404, "", "{}"),
        };
        let Reply::Bytes(bytes) = reply else { unreachable!() };
        stream.write_all(bytes.as_bytes()).await?;
    }
    Ok(())
}

impl Shared {
    async fn next(&self) -> Reply {
        // Forever if there is none: a function waits frozen.
        let Some(Invocation { id, event, time }) = self.next.lock().await.recv().await else {
            return std::future::pending().await;
        };
        let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_open.fetch_max(open, Ordering::SeqCst);
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + time;
        let headers = format!(
            "lambda-runtime-aws-request-id: {id}\r\nlambda-runtime-deadline-ms: {}\r\n\
             lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:123456789012:function:worker\r\n\
             lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0\r\n",
            deadline.as_millis()
        );
        Reply::http(200, &headers, &event)
    }

    fn take(&self, answer: ServiceResponse) -> Reply {
        self.open.fetch_sub(1, Ordering::SeqCst);
        self.answer.send(answer).ok();
        Reply::http(202, "", r#"{"status":"OK"}"#)
    }
}
