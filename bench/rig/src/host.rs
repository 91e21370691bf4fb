//! The Lambda Runtime API: next, response, error, init error.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use hyper::{Request, Response};
use tokio::sync::{mpsc, oneshot, watch};

use crate::error::Error;
use crate::server::{Answers, json, serve};

/// Hands events to one handler process.
pub struct Host {
    pub address: SocketAddr,
    events: mpsc::UnboundedSender<Invocation>,
    started: watch::Receiver<Start>,
}

/// The response of a handler to an event.
pub struct ServiceResponse {
    pub body: Bytes,
    /// True if the handler posted an error.
    pub failed: bool,
    /// The time since the event was sent.
    pub took: Duration,
}

#[derive(Clone, Default)]
enum Start {
    #[default]
    Awaited,
    At(Instant),
    Failed(String),
}

impl Host {
    pub async fn start() -> Result<Self, Error> {
        let (events, queue) = mpsc::unbounded_channel();
        let (start, started) = watch::channel(Start::Awaited);
        let api = Api { queue: queue.into(), open: Mutex::default(), last: AtomicU64::new(0), start };
        Ok(Self { address: serve(Arc::new(api), None).await?, events, started })
    }

    /// Returns the time of the first request for an event.
    pub async fn first_next(&self) -> Result<Instant, Error> {
        let mut started = self.started.clone();
        let start = started.wait_for(|start| !matches!(start, Start::Awaited));
        match tokio::time::timeout(Duration::from_secs(20), start).await??.clone() {
            Start::At(at) => Ok(at),
            Start::Awaited => Err("no start".into()),
            Start::Failed(reason) => Err(format!("init error: {reason}").into()),
        }
    }

    /// Invokes the handler, with a deadline after `time`.
    pub async fn invoke(&self, event: Bytes, time: Duration) -> Result<ServiceResponse, Error> {
        let (answer, answered) = oneshot::channel();
        self.events.send(Invocation { event, time, answer }).map_err(|_| "the host ended")?;
        // A handler that exceeds its time is broken or has exited.
        Ok(tokio::time::timeout(time + Duration::from_secs(5), answered).await??)
    }
}

struct Invocation {
    event: Bytes,
    time: Duration,
    answer: oneshot::Sender<ServiceResponse>,
}

struct Api {
    queue: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    open: Mutex<HashMap<String, (Instant, oneshot::Sender<ServiceResponse>)>>,
    last: AtomicU64,
    start: watch::Sender<Start>,
}

impl Answers for Api {
    async fn answer(&self, request: Request<Bytes>) -> Option<Response<Bytes>> {
        let path = request.uri().path().strip_prefix("/2018-06-01/runtime/")?;
        if path == "invocation/next" {
            return self.next().await;
        }
        if path == "init/error" {
            let why = String::from_utf8_lossy(request.body()).into_owned();
            self.start.send_replace(Start::Failed(why));
            return Some(json(202, "{}"));
        }
        let (id, end) = path.strip_prefix("invocation/")?.split_once('/')?;
        let opened = self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        let (handed_out, answer) = opened?;
        let (took, failed) = (handed_out.elapsed(), end == "error");
        let _ = answer.send(ServiceResponse { body: request.into_body(), failed, took }); // the rig may have stopped waiting
        Some(json(202, "{}"))
    }
}

impl Api {
    async fn next(&self) -> Option<Response<Bytes>> {
        self.start.send_if_modified(|start| {
            let first = matches!(start, Start::Awaited);
            if first {
                *start = Start::At(Instant::now());
            }
            first
        });
        let invocation = self.queue.lock().await.recv().await?;
        let id = format!("00000000-0000-0000-0000-{:012}", self.last.fetch_add(1, Ordering::Relaxed));
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).ok()? + invocation.time;
        let mut response = json(200, invocation.event);
        let headers = [
            ("lambda-runtime-aws-request-id", id.clone()),
            ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
            (
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:us-east-1:123456789012:function:bench".into(),
            ),
            ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0".into()),
        ];
        for (name, value) in headers {
            response.headers_mut().insert(name, value.parse().ok()?);
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert(id, (Instant::now(), invocation.answer));
        Some(response)
    }
}
