//! What the in-process benches said: `bench/run` leaves their output in a file.

use std::path::Path;

use crate::Error;
use crate::figures::{Goal, Section};
use crate::scenario::Found;

const TASKS: f64 = 1_000.0;

pub fn read(file: &Path) -> Result<Found, Error> {
    let output = std::fs::read_to_string(file)?;
    let mut section = Section::new(
        "In the process",
        "`handle` is all of it with a step and a service that do nothing; `decode` reads the event only; `keep` settles unreadable messages and lists them in the answer.",
    );
    section.verbatim(&output);
    let adapter = (median(&output, "handle")? - median(&output, "decode")?) / TASKS;
    let goals = vec![Goal::at_most("adapter alone, null service, a task", 10.0, adapter, " µs")];
    Ok(Found { section, goals, ..Found::default() })
}

/// Microseconds, in the row of 1,000 tasks.
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
