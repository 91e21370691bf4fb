//! The queue worker as a process, with SQS and SWF in this one.

use std::collections::HashSet;
use std::convert::Infallible;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use taskback::{QueueWorkerConfig, StepError, Task};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::Result;
use crate::process::cpu;
use crate::store::Store;

pub const WORKER: &str = "worker";

pub const AWS: [(&str, &str); 3] =
    [("AWS_REGION", "us-east-1"), ("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x")];

/// The rate of a queue worker, and its CPU for each message.
pub struct Rate {
    pub rate: f64,
    pub cpu: Duration,
}

pub async fn measure(store: &Store, count: usize, concurrency: usize) -> Result<Rate> {
    let server =
        Arc::new(Server { count, prefix: format!("{}-{concurrency}", store.name), ..Server::default() });
    let url = serve(Arc::clone(&server)).await?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args([WORKER, &format!("{url}/1/tasks")]).envs(AWS).envs(store.variables.iter().cloned());
    command.env("AWS_ENDPOINT_URL_SQS", &url).env("AWS_ENDPOINT_URL_SWF", &url);
    command.env("TASKBACK_CONCURRENCY", concurrency.to_string()).env("TASKBACK_MAX_RECEIVES", "9");
    let mut worker = command.stdout(Stdio::null()).spawn()?;
    let ended = tokio::time::timeout(Duration::from_secs(300), server.ended.notified()).await;
    let used = cpu(worker.id());
    // It has nothing left to do.
    worker.kill()?;
    worker.wait()?;
    ended.map_err(|_| "the worker took more than 300 s")?;
    let state = server.state();
    let first = state.first.ok_or("no receive")?;
    Ok(Rate { rate: count as f64 / first.elapsed().as_secs_f64(), cpu: used? / count as u32 })
}

pub async fn work(url: &str) -> Result<()> {
    let config = QueueWorkerConfig::new(url);
    let step = async |_: Task<Value>| Ok::<_, StepError>(true);
    Ok(taskback::run_queue_worker(step, config).await?)
}

/// A queue of `count` messages, and the service of their tasks.
#[derive(Default)]
struct Server {
    count: usize,
    prefix: String,
    state: Mutex<State>,
    ended: Notify,
}

#[derive(Default)]
struct State {
    received: usize,
    first: Option<Instant>,
    deleted: HashSet<String>,
}

impl Server {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, target: &str, request: &Value) -> Value {
        match target.rsplit('.').next().unwrap_or_default() {
            "GetQueueAttributes" => json!({"Attributes": {"VisibilityTimeout": "60"}}),
            "ReceiveMessage" => self.receive(request["MaxNumberOfMessages"].as_u64().unwrap_or(1) as usize),
            "DeleteMessageBatch" => self.delete(request),
            // Reports, and changes of visibility.
            _ => json!({}),
        }
    }

    fn receive(&self, max: usize) -> Value {
        let mut state = self.state();
        state.first.get_or_insert_with(Instant::now);
        let from = state.received;
        state.received = self.count.min(from + max);
        let messages = (from..state.received).map(|number| {
            let token = format!("{}-{number}", self.prefix);
            let body = json!({"service": "swf", "taskToken": token, "input": {"cardNumber": "4111"}}).to_string();
            let handle = number.to_string();
            json!({"MessageId": handle, "ReceiptHandle": handle, "Body": body, "Attributes": {"ApproximateReceiveCount": "1"}})
        });
        json!({"Messages": messages.collect::<Vec<_>>()})
    }

    fn delete(&self, request: &Value) -> Value {
        let mut state = self.state();
        let entries = request["Entries"].as_array().cloned().unwrap_or_default();
        for entry in &entries {
            state.deleted.insert(entry["ReceiptHandle"].as_str().unwrap_or_default().to_owned());
        }
        if state.deleted.len() == self.count {
            self.ended.notify_one();
        }
        let done: Vec<_> = entries.iter().map(|entry| json!({"Id": entry["Id"]})).collect();
        json!({"Successful": done, "Failed": []})
    }
}

async fn serve(server: Arc<Server>) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let server = Arc::clone(&server);
            let _ = stream.set_nodelay(true);
            tokio::spawn(async move {
                let service = service_fn(move |request| respond(Arc::clone(&server), request));
                // The worker may close it.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    Ok(url)
}

async fn respond(
    server: Arc<Server>,
    request: Request<Incoming>,
) -> std::result::Result<Response<Full<Bytes>>, Infallible> {
    let target = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok());
    let target = target.unwrap_or_default().to_owned();
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let answer = server.answer(&target, &serde_json::from_slice(&body).unwrap_or_default());
    // An empty queue that does not hold its receives is asked once a second.
    let answer = if target.starts_with("SimpleWorkflowService") { String::new() } else { answer.to_string() };
    let mut response = Response::new(Full::new(Bytes::from(answer)));
    for (name, value) in [("x-amzn-requestid", "r"), ("content-type", "application/x-amz-json-1.0")] {
        response.headers_mut().insert(name, hyper::header::HeaderValue::from_static(value));
    }
    Ok(response)
}
