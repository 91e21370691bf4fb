//! The queue worker: messages that it receives, runs, reports and deletes.

use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::header::HeaderValue;
use hyper::{Request, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::effort::Effort;
use crate::error::Error;
use crate::event::event;
use crate::figures::{Section, Series, micros};
use crate::findings::Findings;
use crate::handler::{Place, cpu_of};
use crate::server::{self, Answers, serve};
use crate::sink::{Plan, Sink};

/// The program, whose absence leaves the scenario out.
const PROGRAM: &str = "taskback";

pub async fn measure(place: &Place, effort: &Effort) -> Result<Findings, Error> {
    if !place.bins.join(PROGRAM).exists() {
        return Ok(Findings::default());
    }
    let messages = if effort.quick { 600 } else { 6_000 };
    let [mut rate, mut cpu, mut again, mut share, mut calls] = [const { Vec::new() }; 5];
    for _ in 0..effort.rounds.min(5) {
        let (figures, done_before) = run(place, messages).await?;
        rate.push(figures.messages as f64 / figures.wall.as_secs_f64());
        cpu.push(micros(figures.cpu) / messages as f64);
        again.push(micros(done_before.cpu) / messages as f64);
        share.push(100.0 * done_before.cpu.as_secs_f64() / figures.cpu.as_secs_f64());
        calls.push(figures.calls as f64 / messages as f64);
    }
    let mut section = Section::new(
        "Queue worker",
        &format!(
            "`taskback work` as one process, against an instant queue and an instant SWF: {messages} messages, each received, run, reported and deleted. The same messages again, whose tasks are in its ledger, are only received and deleted: their share is that of the calls of SQS, with decoding and the ledger."
        ),
    );
    for (figure, unit, values) in [
        ("messages a second", "1/s", rate),
        ("CPU a message", "µs", cpu),
        ("CPU a message that was reported before", "µs", again),
        ("share of it", "%", share),
        ("calls of SQS a message", "n", calls),
    ] {
        let series: Series = values.into_iter().collect();
        section.table(figure, unit, &[("taskback work", &series)]);
    }
    Ok(Findings { section, ..Findings::default() })
}

/// The figures of one delivery of all messages.
struct Delivered {
    messages: usize,
    calls: u64,
    wall: Duration,
    cpu: Duration,
}

/// Delivers the messages twice to one process.
async fn run(place: &Place, messages: u64) -> Result<(Delivered, Delivered), Error> {
    let sink = Sink::start(Plan::default(), None).await?;
    let queue = Arc::new(Queue::default());
    let sqs = serve(Arc::clone(&queue), None).await?;
    let mut command = Command::new(place.bins.join(PROGRAM));
    command
        .args(["work", "--queue-url", &format!("http://{sqs}/123456789012/tasks")])
        .env_clear()
        .envs(sink.vars())
        .envs([
            ("AWS_ENDPOINT_URL_SQS", &*format!("http://{sqs}")),
            ("TASKBACK_STEP", "verify-card"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "bench"),
            ("AWS_SECRET_ACCESS_KEY", "bench"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let worker = Worker(place.cores.on_handlers(|| command.spawn())?);
    // A few, so that connections and credentials are there.
    deliver(&queue, &worker, messages..messages + 20).await?;
    let first = deliver(&queue, &worker, 0..messages).await?;
    let again = deliver(&queue, &worker, 0..messages).await?;
    let records = sink.records();
    let expected = messages + 20;
    if (records.accepted(), records.attempts()) != (expected, expected) {
        return Err(format!("{expected} tasks, {} accepted", records.accepted()).into());
    }
    Ok((first, again))
}

async fn deliver(queue: &Queue, worker: &Worker, tasks: std::ops::Range<u64>) -> Result<Delivered, Error> {
    let messages = messages(tasks)?;
    let count = messages.len();
    let (began, cpu) = (Instant::now(), cpu_of(&worker.0)?);
    let calls = {
        let mut state = queue.state();
        state.waiting = messages;
        state.deleted = 0;
        state.calls
    };
    while queue.state().deleted < count {
        if began.elapsed() > Duration::from_secs(60) {
            return Err(format!("{} of {count} messages were deleted", queue.state().deleted).into());
        }
        sleep(Duration::from_millis(1)).await;
    }
    let (wall, cpu) = (began.elapsed(), cpu_of(&worker.0)? - cpu);
    Ok(Delivered { messages: count, calls: queue.state().calls - calls, wall, cpu })
}

/// The messages of an event, as a receive returns them.
fn messages(tasks: std::ops::Range<u64>) -> Result<Vec<Value>, Error> {
    let event: Event = serde_json::from_slice(&event("swf", tasks, 1))?;
    let messages = event.records.into_iter().map(|record| {
        json!({
            "MessageId": record["messageId"],
            "ReceiptHandle": record["receiptHandle"],
            "MD5OfBody": record["md5OfBody"],
            "Body": record["body"],
            "Attributes": { "ApproximateReceiveCount": "1" },
        })
    });
    Ok(messages.collect())
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "Records")]
    records: Vec<Value>,
}

struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// SQS: hands out what waits, and counts what is deleted.
#[derive(Default)]
struct Queue(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: Vec<Value>,
    deleted: usize,
    calls: u64,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Up to `max` messages; an empty queue holds the call for a while.
    async fn receive(&self, max: usize) -> Vec<Value> {
        let began = Instant::now();
        while self.state().waiting.is_empty() && began.elapsed() < Duration::from_secs(5) {
            sleep(Duration::from_millis(1)).await;
        }
        let mut state = self.state();
        let rest = state.waiting.len().saturating_sub(max);
        state.waiting.split_off(rest)
    }
}

impl Answers for Queue {
    async fn answer(&self, request: Request<Bytes>) -> Option<Response<Bytes>> {
        let target = request.headers().get("x-amz-target")?.to_str().ok()?.to_owned();
        let body: Value = serde_json::from_slice(request.body()).ok()?;
        self.state().calls += 1;
        let answer = match target.split_once('.')?.1 {
            "GetQueueAttributes" => json!({ "Attributes": { "VisibilityTimeout": "60" } }),
            "ReceiveMessage" => {
                let max = body["MaxNumberOfMessages"].as_u64().unwrap_or(1);
                json!({ "Messages": self.receive(max.try_into().ok()?).await })
            }
            "DeleteMessageBatch" => {
                let entries = body["Entries"].as_array()?;
                self.state().deleted += entries.len();
                let done: Vec<_> = entries.iter().map(|entry| json!({ "Id": entry["Id"] })).collect();
                json!({ "Successful": done, "Failed": [] })
            }
            "DeleteMessage" => {
                self.state().deleted += 1;
                json!({})
            }
            _ => json!({}),
        };
        let mut response = server::json(200, answer.to_string());
        response.headers_mut().insert("x-amzn-requestid", HeaderValue::from_static("bench"));
        Some(response)
    }
}
