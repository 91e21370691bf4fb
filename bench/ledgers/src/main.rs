//! The ledgers compared: one task after the other, a thousand at once, and the queue worker, on each store.
//!
//! `ledgers compare WORK` measures every store and prints Markdown; WORK is a folder for what is made. The other words are
//! its own processes, one for each measurement, so that CPU and connections are of the worker alone. `run` calls it.

mod process;
mod queue;
mod store;
mod tasks;

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use store::Store;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["compare", work] => compare(Path::new(work)).await,
        [tasks::ONE_BY_ONE, count] => tasks::one_by_one(count.parse()?).await,
        [tasks::AT_ONCE, count] => tasks::at_once(count.parse()?).await,
        [queue::WORKER, url] => queue::work(url).await,
        _ => Err("ledgers compare WORK".into()),
    }
}

/// The tasks of the measurements; moto, which is written in Python, gets fewer.
struct Effort {
    one_by_one: usize,
    at_once: usize,
    queued: usize,
}

impl Effort {
    fn of(store: &Store) -> Self {
        match store.name {
            "DynamoDB (moto)" => Self { one_by_one: 500, at_once: 1000, queued: 500 },
            _ => Self { one_by_one: 3000, at_once: 1000, queued: 4000 },
        }
    }
}

async fn compare(work: &Path) -> Result<()> {
    let header = [
        "store",
        "claim, decide, report: p50",
        "p99",
        "CPU of the worker per task",
        "queue worker, 10 at once",
        "100 at once",
        "CPU per message",
        "connections with 1,000 tasks at once",
        "their time beyond the step's 2 s",
    ];
    println!("| {} |\n|{}", header.join(" | "), "---|".repeat(header.len()));
    for start in store::ALL {
        let store = start(work).await?;
        eprintln!("measuring: {}", store.name);
        let effort = Effort::of(&store);
        let one = tasks::measure_one_by_one(&store, effort.one_by_one)?;
        let few = queue::measure(&store, effort.queued, 10).await?;
        let many = queue::measure(&store, effort.queued, 100).await?;
        let held = tasks::measure_at_once(&store, effort.at_once)?;
        println!(
            "| {} | {} | {} | {} | {:.0}/s | {:.0}/s | {} | {} | {:.1} s{} |",
            store.name,
            micros(one.p50),
            micros(one.p99),
            micros(one.cpu),
            few.rate,
            many.rate,
            micros(many.cpu),
            held.connections,
            held.time.as_secs_f64() - 2.0,
            if held.nacked == 0 { String::new() } else { format!(", {} nacked", held.nacked) },
        );
    }
    Ok(())
}

fn micros(time: Duration) -> String {
    match time.as_micros() {
        micros @ ..1000 => format!("{micros} µs"),
        micros => format!("{:.1} ms", micros as f64 / 1000.0),
    }
}
