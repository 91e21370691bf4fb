//! Loads real handler processes through its own Lambda Runtime API and workflow services.
//!
//! `rig quick BINS` prints its results for the worker. `rig full BINS RESULTS HEAD IN_PROCESS`
//! writes RESULTS, a Markdown file that starts with the file HEAD, and `chart.svg` beside it.
//! `bench/run` calls it.

mod chart;
mod cores;
mod driver;
mod effort;
mod error;
mod event;
mod figures;
mod findings;
mod handler;
mod host;
mod progress;
mod scenario;
mod server;
mod sink;
mod tls;

use std::fs;
use std::path::{Path, PathBuf};

use cores::Cores;
use effort::Effort;
use error::Error;
use figures::{Goal, Section, megabytes};
use findings::Findings;
use handler::Place;
use progress::Progress;
use scenario::{bucket, in_process, load, lost, many, paced, queue, services, start};
use tls::Tls;

/// The scenarios of a smoke run, in order.
const QUICK: [&str; 6] = ["start", "load", "services", "many", "lost", "bucket"];
/// All scenarios, in order.
const FULL: [&str; 8] = ["start", "load", "services", "queue", "paced", "many", "lost", "bucket"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let cores = Cores::take()?;
    let place = |bins: &str| -> Result<Place, Error> { Ok(Place { bins: fs::canonicalize(bins)?, cores }) };
    match args[..] {
        ["quick", bins] => {
            let (place, effort) = (place(bins)?, Effort::new(true));
            let progress = Progress::new(QUICK.len());
            for (index, name) in QUICK.into_iter().enumerate() {
                progress.begin(index, name);
                let findings = measure(name, &place, &effort).await?;
                progress.suspend(|| print(&findings));
            }
            Ok(())
        }
        ["only", name, bins] => {
            print(&measure(name, &place(bins)?, &Effort::new(false)).await?);
            Ok(())
        }
        ["full", bins, results, head, in_process] => {
            let (place, effort) = (place(bins)?, Effort::new(false));
            let mut findings = vec![in_process::read(Path::new(in_process))?];
            let progress = Progress::new(FULL.len());
            for (index, name) in FULL.into_iter().enumerate() {
                progress.begin(index, name);
                findings.push(measure(name, &place, &effort).await?);
            }
            drop(progress);
            publish(&place, &findings, PathBuf::from(results), &fs::read_to_string(head)?)
        }
        _ => Err("rig quick BINS | rig only SCENARIO BINS | rig full BINS RESULTS HEAD IN_PROCESS".into()),
    }
}

async fn measure(scenario: &str, place: &Place, effort: &Effort) -> Result<Findings, Error> {
    match scenario {
        "start" => start::measure(place, effort, &Tls::new(&place.bins)?).await,
        "load" => load::measure(place, effort).await,
        "services" => services::measure(place, effort).await,
        "queue" => queue::measure(place, effort).await,
        "paced" => paced::measure(place, effort).await,
        "many" => many::measure(place, effort).await,
        "lost" => lost::measure(place, effort).await,
        "bucket" => bucket::measure(place, effort).await,
        _ => {
            Err("unknown scenario, expected start, load, services, queue, paced, many, lost or bucket".into())
        }
    }
}

fn print(findings: &Findings) {
    println!("{}", findings.section.text());
    for goal in &findings.goals {
        println!("{}: {} (goal {})", goal.figure, goal.got, goal.expected);
    }
}

fn publish(place: &Place, findings: &[Findings], results: PathBuf, head: &str) -> Result<(), Error> {
    let goals: Vec<Goal> = findings.iter().flat_map(|found| found.goals.clone()).collect();
    let mut sizes = Vec::new();
    for name in ["worker", "bare-trimmed", "bare-default"] {
        let bytes = fs::metadata(place.bins.join(name))?.len();
        sizes.push(vec![name.to_owned(), format!("{:.2} MB", megabytes(bytes))]);
    }
    let mut binaries =
        Section::new("Binaries", "Stripped, except bare with defaults, which is as cargo builds it.");
    binaries.plain(&["", "size"], &sizes);
    let rows = goals.into_iter().map(|goal| {
        let reached = if goal.reached { "yes" } else { "**no**" };
        vec![goal.figure, goal.expected, goal.got, reached.to_owned()]
    });
    let mut reached = Section::new("Goals", "Ratios are medians of the rounds' own ratios.");
    reached.plain(&["figure", "goal", "here", "reached"], &rows.collect::<Vec<_>>());
    let sections = findings.iter().map(|found| &found.section);
    let parts: Vec<&str> =
        [&reached].into_iter().chain(sections).chain([&binaries]).map(Section::text).collect();
    let panels: Vec<_> = findings.iter().flat_map(|found| found.panels.clone()).collect();
    fs::write(results.with_file_name("chart.svg"), chart::svg(&panels))?;
    fs::write(results, format!("{head}\n{}", parts.join("\n")))?;
    Ok(())
}
