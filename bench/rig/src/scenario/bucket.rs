//! FnF's limit for reports, a burst of 10 and 2 per second, with one process and with four independent ones.

use std::time::Instant;

use crate::driver::TIME;
use crate::effort::Effort;
use crate::error::Error;
use crate::event::event;
use crate::figures::{Goal, Section, Series};
use crate::findings::Findings;
use crate::handler::{Handler, Kind, Place};
use crate::sink::{Plan, REFILL, SIZE, Sink};

/// The figures of one round.
struct Ended {
    seconds: f64,
    refused: f64,
}

pub async fn measure(place: &Place, effort: &Effort) -> Result<Findings, Error> {
    let reports = if effort.quick { 16 } else { 100 };
    let least = (reports as f64 - SIZE) / REFILL;
    let rounds = if effort.quick { 1 } else { 5 };
    // All rounds run concurrently, each with its own service: they mostly wait.
    let mut runs = Vec::new();
    for round in 0..rounds * 2 {
        let (place, processes) = (place.clone(), if round % 2 == 0 { 1 } else { 4 });
        runs.push(tokio::spawn(async move { run(&place, processes, reports).await }));
    }
    let [mut time, mut refused] =
        [[Series::default(), Series::default()], [Series::default(), Series::default()]];
    for (round, ended) in runs.into_iter().enumerate() {
        let ended = ended.await??;
        time[round % 2].push(ended.seconds / least);
        refused[round % 2].push(ended.refused);
    }
    let mut section = Section::new(
        "FnF's limit for reports",
        &format!("{reports} reports, which take {least} s at least; each accepted once."),
    );
    let names = ["1 process", "4 processes"];
    let rows = |series: &'_ [Series; 2]| [(names[0], series[0].clone()), (names[1], series[1].clone())];
    for (what, unit, series) in
        [("time, against the least possible", "×", &time), ("calls refused", "%", &refused)]
    {
        let rows = rows(series);
        section.table(what, unit, &rows.each_ref().map(|(name, series)| (*name, series)));
    }
    let goals = vec![
        Goal::at_most("FnF's limit, 1 process: time", 1.1, time[0].median(), " ×"),
        Goal::at_most("FnF's limit, 1 process: refused calls", 2.0, refused[0].median(), " %"),
        Goal::at_most("FnF's limit, 4 processes: time", 1.3, time[1].median(), " ×"),
    ];
    Ok(Findings { section, goals, ..Findings::default() })
}

async fn run(place: &Place, processes: u64, reports: u64) -> Result<Ended, Error> {
    let sink = Sink::start(Plan { limited: true, ..Plan::default() }, None).await?;
    let vars = [
        ("FNF_ENDPOINT", format!("http://{}", sink.address)),
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "bench".to_owned()),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "bench".to_owned()),
    ];
    let mut handlers = Vec::new();
    for _ in 0..processes {
        handlers.push(Handler::start(place, Kind::Worker, &vars).await?);
    }
    let began = Instant::now();
    let mut invoked = Vec::new();
    for (part, handler) in (0..).zip(handlers) {
        let share = reports / processes;
        let event = event("fnf", part * share..(part + 1) * share, 1);
        invoked.push(tokio::spawn(async move { handler.invoke(event, TIME).await }));
    }
    for handler in invoked {
        let (_, nacked) = handler.await??;
        if !nacked.is_empty() {
            return Err(format!("{} messages of FnF were nacked", nacked.len()).into());
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let books = sink.records();
    if books.accepted() != reports {
        return Err(format!("{} of {reports} reports were accepted", books.accepted()).into());
    }
    Ok(Ended { seconds, refused: 100.0 * books.refused as f64 / books.attempts() as f64 })
}
