//! Batches one after the other, as Lambda invokes one environment.

use std::time::{Duration, Instant};

use crate::Error;
use crate::event::Tasks;
use crate::figures::{Series, micros};
use crate::handler::{Handler, Kind, Place};
use crate::sink::{Plan, Sink};

/// How much.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub batch: usize,
    pub invocations: usize,
    pub warm_up: usize,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Loaded {
    pub reports_a_second: f64,
    pub cpu_a_report: f64,
    /// Of an invocation, in microseconds.
    pub p50: f64,
    pub peak_memory: u64,
    pub most_at_once: usize,
}

/// Longer than any batch takes.
pub const TIME: Duration = Duration::from_secs(900);

/// A new process, its load, and the proof that every task was told exactly once.
pub async fn load(place: &Place, kind: Kind, plan: Plan, load: Load) -> Result<Loaded, Error> {
    let sink = Sink::start(plan, None).await?;
    let handler = Handler::start(place, kind, &sink.vars()).await?;
    let mut tasks = Tasks::of("swf");
    for _ in 0..load.warm_up {
        told(&handler, tasks.batch(load.batch)).await?;
    }
    let events: Vec<_> = (0..load.invocations).map(|_| tasks.batch(load.batch)).collect();
    let mut took = Vec::with_capacity(events.len());
    let (began, cpu) = (Instant::now(), handler.cpu()?);
    for event in events {
        took.push(told(&handler, event).await?);
    }
    let (wall, cpu) = (began.elapsed(), handler.cpu()? - cpu);
    let books = sink.books();
    if (books.accepted(), books.attempts()) != (tasks.made(), tasks.made()) {
        let (accepted, attempts) = (books.accepted(), books.attempts());
        return Err(format!("{} tasks, {accepted} accepted, {attempts} attempts", tasks.made()).into());
    }
    let reports = (load.invocations * load.batch) as f64;
    Ok(Loaded {
        reports_a_second: reports / wall.as_secs_f64(),
        cpu_a_report: micros(cpu) / reports,
        p50: took.into_iter().map(micros).collect::<Series>().median(),
        peak_memory: handler.peak_memory()?,
        most_at_once: books.most_at_once,
    })
}

/// One invocation of which nothing may come back.
async fn told(handler: &Handler, event: bytes::Bytes) -> Result<Duration, Error> {
    let (took, kept) = handler.invoke(event, TIME).await?;
    if kept.is_empty() { Ok(took) } else { Err(format!("{} messages came back", kept.len()).into()) }
}
