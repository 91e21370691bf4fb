//! The maximum rate: an instant sink, batches of 1 and of 10.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::chart::Panel;
use crate::driver::{LoadFigures, load};
use crate::effort::Effort;
use crate::error::Error;
use crate::event::token_start;
use crate::figures::{Goal, Section, Series, megabytes};
use crate::findings::Findings;
use crate::handler::{Kind, Place};
use crate::sink::{Plan, Sink};

const KINDS: [Kind; 8] = [
    Kind::Worker,
    Kind::WorkerSilent,
    Kind::BareTrimmed,
    Kind::BareDefault,
    Kind::PowertoolsSync,
    Kind::PowertoolsAsync,
    Kind::BotoSync,
    Kind::BotoThreads,
];

/// The figures of one handler at one batch size.
#[derive(Clone, Default)]
struct Figures {
    rate: Series,
    cpu: Series,
    p50: Series,
    memory: Series,
}

impl Figures {
    fn push(&mut self, loaded: &LoadFigures) {
        self.rate.push(loaded.reports_a_second);
        self.cpu.push(loaded.cpu_a_report);
        self.p50.push(loaded.p50);
        self.memory.push(megabytes(loaded.peak_memory));
    }
}

pub async fn measure(place: &Place, effort: &Effort) -> Result<Findings, Error> {
    let kinds = place.built(&KINDS);
    let mut by_batch =
        [(1, vec![Figures::default(); kinds.len()]), (10, vec![Figures::default(); kinds.len()])];
    let mut floor = Series::default();
    for round in 0..effort.rounds {
        if place.bins.join("floor").exists() {
            floor.push(floor_cpu(place).await?);
        }
        for (batch, figures) in &mut by_batch {
            for (kind, figures) in kinds.iter().zip(figures) {
                if round < effort.rounds_of(*kind) {
                    let plan = Plan { latency: Duration::ZERO, ..Plan::default() };
                    figures.push(&load(place, *kind, plan, effort.load_of(*kind, *batch)).await?);
                }
            }
        }
    }
    let mut found = Findings {
        section: Section::new(
            "Load",
            "Batches one after the other against an instant sink, a new process for each round; every token was accepted once, at its first attempt. *Silent* is the worker with `RUST_LOG=warn`: no line for a report, as the others have none.",
        ),
        ..Findings::default()
    };
    for (batch, figures) in &by_batch {
        let rows = |of: fn(&Figures) -> &Series| -> Vec<(&'static str, &Series)> {
            kinds.iter().zip(figures).map(|(kind, figures)| (kind.name(), of(figures))).collect()
        };
        found.section.table(&format!("reports a second, batch {batch}"), "1/s", &rows(|f| &f.rate));
        let mut cpu = rows(|f| &f.cpu);
        if floor.n() > 0 {
            cpu.push(("floor", &floor));
        }
        found.section.table(&format!("CPU a report, batch {batch}"), "µs", &cpu);
        found.section.table(&format!("invocation, batch {batch}"), "µs", &rows(|f| &f.p50));
        found.section.table(&format!("peak memory, batch {batch}"), "MB", &rows(|f| &f.memory));
        // Ratios need all handlers.
        let [ours, _, trimmed, _, sync, other, ..] = &figures[..] else { continue };
        let cpu = ours.cpu.ratio(&trimmed.cpu);
        found.goals.push(Goal::at_most(
            &format!("CPU a report, batch {batch}, against bare trimmed"),
            if *batch == 1 { 0.8 } else { 0.6 },
            cpu,
            " ×",
        ));
        if *batch == 10 {
            let python = sync.rate.median().max(other.rate.median());
            let rate = ours.rate.ratio(&trimmed.rate);
            found.goals.extend([
                Goal::at_most("CPU a report, batch 10, against the floor", 1.6, ours.cpu.ratio(&floor), " ×"),
                Goal::at_most(
                    "peak memory, batch 10, against bare trimmed",
                    1.1,
                    ours.memory.ratio(&trimmed.memory),
                    " ×",
                ),
                Goal::at_least("reports a second, batch 10, against bare trimmed", 1.5, rate, " ×"),
                Goal::at_least(
                    "reports a second, batch 10, against Powertools",
                    8.0,
                    ours.rate.median() / python,
                    " ×",
                ),
            ]);
            let owned = |rows: Vec<(&'static str, &Series)>| {
                rows.into_iter().map(|(name, s)| (name, s.clone())).collect()
            };
            found.panels.push(Panel::new("Reports a second, batch 10", owned(rows(|f| &f.rate))));
            found.panels.push(Panel::new("Peak memory, batch 10, MB", owned(rows(|f| &f.memory))));
            let mut cpu: Vec<_> = owned(rows(|f| &f.cpu));
            cpu.push(("floor", floor.clone()));
            found.panels.push(Panel::new("CPU a report, batch 10, µs", cpu));
        }
    }
    Ok(found)
}

/// The minimum CPU time of a report in microseconds.
async fn floor_cpu(place: &Place) -> Result<f64, Error> {
    let sink = Sink::start(Plan::default(), None).await?;
    let mut command = Command::new(place.bins.join("floor"));
    command
        .args([&sink.address.to_string(), &token_start(), "4000"])
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let child = place.cores.on_handlers(|| command.spawn())?;
    let output = child.wait_with_output().await?;
    let nanos: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(nanos / 1e3)
}
