//! A report to each of the other services beside one to SWF, at the pace that FnF allows.

use std::time::Duration;

use crate::driver::TIME;
use crate::effort::Effort;
use crate::error::Error;
use crate::event::Tasks;
use crate::figures::{Goal, Section, Series, micros};
use crate::findings::Findings;
use crate::handler::{Handler, Kind, Place};
use crate::sink::{Plan, Sink};

/// A report of each service in this time: FnF takes 2 a second.
const PACE: Duration = Duration::from_millis(550);

/// The services with the names of their rows, SWF first, and the most that the others may take of SWF's time.
const SERVICES: [(&str, &str, f64); 4] = [
    ("swf", "SWF", 1.0),
    ("fnf", "FnF", 1.2),
    ("sfn", "Step Functions", 1.1),
    ("durable", "durable functions", 1.1),
];

pub async fn measure(place: &Place, effort: &Effort) -> Result<Findings, Error> {
    let (rounds, reports) = if effort.quick { (1, 5) } else { (5, 60) };
    // All rounds run concurrently: they mostly wait.
    let mut runs = Vec::new();
    for _ in 0..rounds {
        let place = place.clone();
        runs.push(tokio::spawn(async move { run(&place, reports).await }));
    }
    let mut series: [Series; SERVICES.len()] = Default::default();
    for ended in runs {
        for (series, spent) in series.iter_mut().zip(ended.await??) {
            series.push(spent);
        }
    }
    let mut section = Section::new(
        "A report to each service",
        &format!(
            "{reports} invocations of one task each for every service, each in a process of its own, one after the other at FnF's pace: after each pause the caches are cold."
        ),
    );
    let rows: Vec<_> = SERVICES.iter().map(|(_, name, _)| *name).zip(&series).collect();
    section.table("CPU a report, one each 550 ms", "µs", &rows);
    let goals = SERVICES.iter().zip(&series).skip(1).map(|((_, name, max), spent)| {
        let text = format!("CPU of a report to {name}, against one to SWF");
        Goal::at_most(&text, *max, spent.ratio(&series[0]), " ×")
    });
    Ok(Findings { goals: goals.collect(), section, ..Findings::default() })
}

/// The CPU time of a report to each service, in microseconds.
async fn run(place: &Place, reports: u64) -> Result<[f64; SERVICES.len()], Error> {
    let mut handlers = Vec::new();
    for (service, ..) in SERVICES {
        let sink = Sink::start(Plan::default(), None).await?;
        let mut vars = sink.vars();
        vars.push(("TASKBACK_SERVICE", service.to_owned()));
        if service == "fnf" {
            vars.extend([
                ("FNF_ENDPOINT", format!("http://{}", sink.address)),
                ("ALIBABA_CLOUD_ACCESS_KEY_ID", "bench".to_owned()),
                ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "bench".to_owned()),
            ]);
        }
        let handler = Handler::start(place, Kind::Worker, &vars).await?;
        handlers.push((handler, Tasks::of(service), Duration::ZERO));
    }
    for number in 0..=reports {
        for (handler, tasks, spent) in &mut handlers {
            let before = handler.cpu()?;
            let (_, nacked) = handler.invoke(tasks.batch(1), TIME).await?;
            if !nacked.is_empty() {
                return Err("a message was nacked".into());
            }
            // The first one opens the connection.
            if number > 0 {
                *spent += handler.cpu()? - before;
            }
        }
        tokio::time::sleep(PACE).await;
    }
    Ok(std::array::from_fn(|index| micros(handlers[index].2) / reports as f64))
}
