//! Loads real handler processes through a Lambda Runtime API and workflow services of its own.
//!
//! `rig quick BINS` prints what it finds about the worker. `rig full BINS RESULTS HEAD IN_PROCESS`
//! writes RESULTS, a Markdown file that starts with the file HEAD, and `chart.svg` beside it.
//! `bench/run` calls it.

mod chart;
mod cores;
mod driver;
mod effort;
mod event;
mod figures;
mod handler;
mod host;
mod scenario;
mod server;
mod sink;
mod tls;

use std::fs;
use std::path::{Path, PathBuf};

use cores::Cores;
use effort::Effort;
use figures::{Goal, Section, megabytes};
use handler::Place;
use scenario::{Found, bucket, in_process, load, lost, many, paced, start};
use tls::Tls;

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let cores = Cores::take()?;
    let place = |bins: &str| -> Result<Place, Error> { Ok(Place { bins: fs::canonicalize(bins)?, cores }) };
    match args[..] {
        ["quick", bins] => {
            for name in ["start", "load", "many", "lost", "bucket"] {
                show(&measure(name, &place(bins)?, &Effort::new(true)).await?);
            }
            Ok(())
        }
        ["only", name, bins] => {
            show(&measure(name, &place(bins)?, &Effort::new(false)).await?);
            Ok(())
        }
        ["full", bins, results, head, in_process] => {
            let (place, effort) = (place(bins)?, Effort::new(false));
            let mut found = vec![in_process::read(Path::new(in_process))?];
            for name in ["start", "load", "paced", "many", "lost", "bucket"] {
                eprintln!("measuring: {name}");
                found.push(measure(name, &place, &effort).await?);
            }
            publish(&place, &found, PathBuf::from(results), &fs::read_to_string(head)?)
        }
        _ => Err("rig quick BINS | rig only SCENARIO BINS | rig full BINS RESULTS HEAD IN_PROCESS".into()),
    }
}

async fn measure(scenario: &str, place: &Place, effort: &Effort) -> Result<Found, Error> {
    match scenario {
        "start" => start::measure(place, effort, &Tls::new(&place.bins)?).await,
        "load" => load::measure(place, effort).await,
        "paced" => paced::measure(place, effort).await,
        "many" => many::measure(place, effort).await,
        "lost" => lost::measure(place, effort).await,
        "bucket" => bucket::measure(place, effort).await,
        _ => Err("start, load, paced, many, lost or bucket".into()),
    }
}

fn show(found: &Found) {
    println!("{}", found.section.text());
    for goal in &found.goals {
        println!("{}: {} (goal {})", goal.figure, goal.got, goal.wanted);
    }
}

fn publish(place: &Place, found: &[Found], results: PathBuf, head: &str) -> Result<(), Error> {
    let mut goals: Vec<Goal> = found.iter().flat_map(|found| found.goals.clone()).collect();
    let mut sizes = Vec::new();
    for name in ["worker", "bare-trimmed", "bare-default"] {
        let bytes = fs::metadata(place.bins.join(name))?.len();
        sizes.push(vec![name.to_owned(), format!("{:.2} MB", megabytes(bytes))]);
        if name == "worker" {
            goals.push(Goal::at_most("binary of the worker, default features", 8.0, megabytes(bytes), " MB"));
        }
    }
    let mut binaries =
        Section::new("Binaries", "Stripped, but for bare with defaults, which is as cargo leaves it.");
    binaries.plain(&["", "size"], &sizes);
    let rows = goals.into_iter().map(|goal| {
        let reached = if goal.reached { "yes" } else { "**no**" };
        vec![goal.figure, goal.wanted, goal.got, reached.to_owned()]
    });
    let mut reached = Section::new("Goals", "Ratios are medians of the rounds' own ratios.");
    reached.plain(&["figure", "goal", "here", "reached"], &rows.collect::<Vec<_>>());
    let sections = found.iter().map(|found| &found.section);
    let parts: Vec<&str> =
        [&reached].into_iter().chain(sections).chain([&binaries]).map(Section::text).collect();
    let panels: Vec<_> = found.iter().flat_map(|found| found.panels.clone()).collect();
    fs::write(results.with_file_name("chart.svg"), chart::svg(&panels))?;
    fs::write(results, format!("{head}\n{}", parts.join("\n")))?;
    Ok(())
}
