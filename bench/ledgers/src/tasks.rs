//! Tasks of a process without queue and services: what remains is the adapter and its ledger.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use taskback::{
    BoxFuture, Clients, Outcome, ReportRequest, Reporter, Service, ServiceResponse, Services, Settings,
    StepError, Task, Taskback,
};

use crate::Result;
use crate::process::{cpu, open_files};
use crate::store::Store;

pub const ONE_BY_ONE: &str = "one-by-one";
pub const AT_ONCE: &str = "at-once";

/// The time of one task, and of CPU for it.
pub struct OneByOne {
    pub p50: Duration,
    pub p99: Duration,
    pub cpu: Duration,
}

/// Tasks whose steps all run at once.
pub struct AtOnce {
    pub connections: usize,
    pub time: Duration,
    /// Those that the store did not answer in time, and that a queue would deliver again.
    pub nacked: usize,
}

pub fn measure_one_by_one(store: &Store, count: usize) -> Result<OneByOne> {
    let printed = child(store, &[ONE_BY_ONE, &count.to_string()])?.wait_with_output()?;
    let figures = String::from_utf8(printed.stdout)?;
    let figures: Vec<u64> =
        figures.split_whitespace().map(str::parse).collect::<std::result::Result<_, _>>()?;
    let [p50, p99, cpu] = figures[..] else { return Err("no figures".into()) };
    let [p50, p99, cpu] = [p50, p99, cpu].map(Duration::from_micros);
    Ok(OneByOne { p50, p99, cpu })
}

pub fn measure_at_once(store: &Store, count: usize) -> Result<AtOnce> {
    let begun = Instant::now();
    let mut child = child(store, &[AT_ONCE, &count.to_string()])?;
    let mut connections = 0;
    while child.try_wait()?.is_none() {
        connections = connections.max(open_files(child.id(), &store.connections));
        std::thread::sleep(Duration::from_millis(2));
    }
    let time = begun.elapsed();
    let nacked = String::from_utf8(child.wait_with_output()?.stdout)?.trim().parse()?;
    Ok(AtOnce { connections, time, nacked })
}

fn child(store: &Store, args: &[&str]) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(args).envs(store.variables.iter().cloned()).envs(crate::queue::AWS);
    Ok(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?)
}

pub async fn one_by_one(count: usize) -> Result<()> {
    let worker = worker(Duration::ZERO).await?;
    for number in 0..50 {
        handle(&worker, &event("warm", number..number + 1)?).await?;
    }
    let mut times = Vec::new();
    let before = cpu(std::process::id())?;
    for number in 0..count {
        let event = event("task", number..number + 1)?;
        let begun = Instant::now();
        if handle(&worker, &event).await? > 0 {
            return Err("a message was nacked".into());
        }
        times.push(begun.elapsed());
    }
    let used = cpu(std::process::id())? - before;
    times.sort();
    let [p50, p99, cpu] =
        [times[count / 2], times[count * 99 / 100], used / count as u32].map(|time| time.as_micros());
    println!("{p50} {p99} {cpu}");
    Ok(())
}

pub async fn at_once(count: usize) -> Result<()> {
    let worker = worker(Duration::from_secs(2)).await?;
    println!("{}", handle(&worker, &event("held", 0..count)?).await?);
    Ok(())
}

/// Returns the number of nacked messages.
async fn handle(worker: &Taskback, event: &RawValue) -> Result<usize> {
    let response = worker.handle(event, Duration::from_secs(900)).await?;
    Ok(response.batch_item_failures().len())
}

async fn worker(time: Duration) -> Result<Taskback> {
    let settings = Settings::from_env()?;
    let clients = Clients::connect(&settings).await;
    let step = move |_: Task<Box<RawValue>>| async move {
        if !time.is_zero() {
            tokio::time::sleep(time).await;
        }
        Ok::<_, StepError>(true)
    };
    let builder =
        Taskback::builder().step(step).settings(&settings).concurrency(1000).connect(&clients).await?;
    Ok(builder.services(Services::default().with(Null)).build()?)
}

fn event(prefix: &str, numbers: std::ops::Range<usize>) -> Result<Box<RawValue>> {
    let records = numbers.map(|number| {
        // Other tokens in every process.
        let token = format!("{prefix}-{number}-{}", std::process::id());
        let body =
            json!({"service": "swf", "taskToken": token, "input": {"cardNumber": "4111 1111 1111 1111"}});
        json!({
            "messageId": format!("m-{number}"),
            "eventSource": "aws:sqs",
            "body": body.to_string(),
            "attributes": {"ApproximateReceiveCount": "1"},
        })
    });
    Ok(to_raw_value(&json!({"Records": records.collect::<Vec<_>>()}))?)
}

/// A service that accepts every report at once.
struct Null;

impl Reporter for Null {
    fn service(&self) -> Service {
        Service::Swf
    }

    fn enforce_limits(&self, outcome: Outcome) -> Outcome {
        outcome
    }

    fn report<'a>(&'a self, _request: ReportRequest<'a>) -> BoxFuture<'a, ServiceResponse> {
        Box::pin(std::future::ready(ServiceResponse::Accepted { request_id: None }))
    }
}
