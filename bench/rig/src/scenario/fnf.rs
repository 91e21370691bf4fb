//! A report to FnF beside one to SWF, at the pace that FnF allows.

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

pub async fn measure(place: &Place, effort: &Effort) -> Result<Findings, Error> {
    let (rounds, reports) = if effort.quick { (1, 5) } else { (5, 60) };
    // All rounds run concurrently: they mostly wait.
    let mut runs = Vec::new();
    for _ in 0..rounds {
        let place = place.clone();
        runs.push(tokio::spawn(async move { run(&place, reports).await }));
    }
    let (mut swf, mut fnf) = (Series::default(), Series::default());
    for ended in runs {
        let [by_swf, by_fnf] = ended.await??;
        swf.push(by_swf);
        fnf.push(by_fnf);
    }
    let mut section = Section::new(
        "A report to FnF",
        &format!(
            "{reports} invocations of one task each for FnF, and as many for SWF in another process, one after the other at FnF's pace: after each pause the caches are cold."
        ),
    );
    section.table("CPU a report, one each 550 ms", "µs", &[("SWF", &swf), ("FnF", &fnf)]);
    let goals = vec![Goal::at_most("CPU of a report to FnF, against one to SWF", 1.2, fnf.ratio(&swf), " ×")];
    Ok(Findings { section, goals, ..Findings::default() })
}

/// The CPU time of a report to SWF and of one to FnF, in microseconds.
async fn run(place: &Place, reports: u64) -> Result<[f64; 2], Error> {
    let mut handlers = Vec::new();
    for service in ["swf", "fnf"] {
        let sink = Sink::start(Plan::default(), None).await?;
        let mut vars = sink.vars();
        if service == "fnf" {
            vars.extend([
                ("FNF_ENDPOINT", format!("http://{}", sink.address)),
                ("ALIBABA_CLOUD_ACCESS_KEY_ID", "bench".to_owned()),
                ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "bench".to_owned()),
            ]);
        }
        handlers.push((
            Handler::start(place, Kind::Worker, &vars).await?,
            Tasks::of(service),
            Duration::ZERO,
        ));
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
    let [swf, fnf] = &handlers[..] else { return Err("two handlers are expected".into()) };
    Ok([swf, fnf].map(|(_, _, spent)| micros(*spent) / reports as f64))
}
