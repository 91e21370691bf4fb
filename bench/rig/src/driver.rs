//! Sends batches one after the other, like Lambda to one environment.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::event::Tasks;
use crate::figures::{Series, micros};
use crate::handler::{Handler, Kind, Place};
use crate::sink::{Plan, Sink};

/// The amount of work.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub batch: usize,
    pub invocations: usize,
    pub warm_up: usize,
}

/// The figures of a load.
#[derive(Clone, Copy, Debug)]
pub struct LoadFigures {
    pub reports_a_second: f64,
    pub cpu_a_report: f64,
    /// The median time of an invocation in microseconds.
    pub p50: f64,
    pub peak_memory: u64,
    pub max_concurrent: usize,
}

/// The time of an invocation, longer than any batch takes.
pub const TIME: Duration = Duration::from_secs(900);

/// Starts a process, sends the load and verifies that every task was accepted exactly once, at its first attempt.
pub async fn load(place: &Place, kind: Kind, plan: Plan, load: Load) -> Result<LoadFigures, Error> {
    let sink = Sink::start(plan, None).await?;
    let handler = Handler::start(place, kind, &sink.vars()).await?;
    let mut tasks = Tasks::of("swf");
    for _ in 0..load.warm_up {
        invoke(&handler, tasks.batch(load.batch)).await?;
    }
    let events: Vec<_> = (0..load.invocations).map(|_| tasks.batch(load.batch)).collect();
    let mut took = Vec::with_capacity(events.len());
    let (began, cpu) = (Instant::now(), handler.cpu()?);
    for event in events {
        took.push(invoke(&handler, event).await?);
    }
    let (wall, cpu) = (began.elapsed(), handler.cpu()? - cpu);
    let records = sink.records();
    if (records.accepted(), records.attempts()) != (tasks.made(), tasks.made()) {
        let (accepted, attempts) = (records.accepted(), records.attempts());
        return Err(format!("{} tasks, {accepted} accepted, {attempts} attempts", tasks.made()).into());
    }
    let reports = (load.invocations * load.batch) as f64;
    Ok(LoadFigures {
        reports_a_second: reports / wall.as_secs_f64(),
        cpu_a_report: micros(cpu) / reports,
        p50: took.into_iter().map(micros).collect::<Series>().median(),
        peak_memory: handler.peak_memory()?,
        max_concurrent: records.max_concurrent,
    })
}

/// Invokes the handler, which must acknowledge every message.
async fn invoke(handler: &Handler, event: bytes::Bytes) -> Result<Duration, Error> {
    let (took, nacked) = handler.invoke(event, TIME).await?;
    if nacked.is_empty() { Ok(took) } else { Err(format!("{} messages were nacked", nacked.len()).into()) }
}
