//! Ten thousand records in one event: time must be linear in the records, and memory in the size of the event.

use std::time::Duration;

use crate::driver::{Load, load};
use crate::effort::Effort;
use crate::error::Error;
use crate::event::event;
use crate::figures::{Goal, Section, Series, megabytes};
use crate::findings::Findings;
use crate::handler::{Kind, Place};
use crate::sink::Plan;

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

pub async fn measure(place: &Place, effort: &Effort) -> Result<Findings, Error> {
    let mut time = vec![Series::default(); SIZES.len()];
    let mut memory = time.clone();
    for _ in 0..effort.rounds.min(3) {
        for (at, batch) in SIZES.into_iter().enumerate() {
            // The same number of records at each size, and at least one invocation.
            let amount =
                Load { batch, invocations: (5_000 / batch).max(1), warm_up: usize::from(batch == 10) * 20 };
            let loaded = load(place, Kind::Worker, Plan::default(), amount).await?;
            time[at].push(1e6 / loaded.reports_a_second);
            memory[at].push(megabytes(loaded.peak_memory));
        }
    }
    // Instant responses would never overlap.
    let slow = Plan { latency: Duration::from_millis(5), ..Plan::default() };
    let amount = Load { batch: 1_000, invocations: 1, warm_up: 0 };
    let most = load(place, Kind::Worker, slow, amount).await?.max_concurrent;
    let bytes = SIZES.map(|size| event("swf", 0..size as u64, 1).len() as u64);
    let mut section = Section::new(
        "Many records in one event",
        &format!(
            "The event of 10,000 records has {:.1} MB. Most reports at one time: {most}.",
            megabytes(bytes[3])
        ),
    );
    let names = SIZES.map(|size| format!("{size} records"));
    let rows = |series: &'_ [Series]| -> Vec<(String, Series)> {
        names.iter().cloned().zip(series.iter().cloned()).collect()
    };
    for (what, unit, series) in [("time a record", "µs", &time), ("peak memory", "MB", &memory)] {
        let rows = rows(series);
        let rows: Vec<_> = rows.iter().map(|(name, series)| (name.as_str(), series)).collect();
        section.table(what, unit, &rows);
    }
    let grown = (memory[3].median() - memory[0].median()) / megabytes(bytes[3] - bytes[0]);
    let goals = vec![
        Goal::at_most("time a record, 10,000 against 10", 1.2, time[3].ratio(&time[0]), " ×"),
        Goal::at_most("memory from 10 to 10,000 records, against the event", 3.0, grown, " ×"),
        Goal::at_most("reports at one time, concurrency 10", 10.0, most as f64, ""),
    ];
    Ok(Findings { section, goals, ..Findings::default() })
}
