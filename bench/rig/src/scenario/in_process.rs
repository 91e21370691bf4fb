//! The results of the in-process benches: `bench/run` writes their output to a file.

use std::path::Path;

use crate::error::Error;
use crate::figures::{Goal, Section};
use crate::findings::Findings;

const TASKS: f64 = 1_000.0;

pub fn read(file: &Path) -> Result<Findings, Error> {
    let output = std::fs::read_to_string(file)?;
    let mut section = Section::new(
        "In the process",
        "`handle` is a whole invocation with a step and a service that do nothing; `decode` only reads the event; `keep` nacks unreadable messages and lists them in the response.",
    );
    section.verbatim(table(&output));
    let adapter = (median(&output, "handle")? - median(&output, "decode")?) / TASKS;
    let goals = vec![Goal::at_most("adapter alone, null service, a task", 10.0, adapter, " µs")];
    Ok(Findings { section, goals, ..Findings::default() })
}

/// Returns the table of the benches, without the output of empty tests before it.
fn table(output: &str) -> &str {
    output.find("batches ").map_or(output, |start| &output[start..])
}

/// Returns microseconds, in the row of 1,000 tasks.
fn median(output: &str, bench: &str) -> Result<f64, Error> {
    let bare = |line: &str| line.trim_start_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned();
    let mut lines = output.lines().map(bare).skip_while(|line| !line.starts_with(bench));
    let row = lines.find(|line| line.starts_with("1000 ")).ok_or("no row of 1,000 tasks")?;
    let cell = row.split('│').nth(2).ok_or("no median")?.trim();
    let (number, unit) = cell.split_once(' ').ok_or("no unit")?;
    let scale = match unit {
        "ns" => 1e-3,
        "µs" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        _ => return Err("an unknown unit".into()),
    };
    Ok(number.parse::<f64>()? * scale)
}
