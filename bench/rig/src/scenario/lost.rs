//! One response in ten is lost after the report was accepted.

use std::collections::VecDeque;

use crate::driver::TIME;
use crate::effort::Effort;
use crate::error::Error;
use crate::event::{event, number};
use crate::figures::{Goal, Section};
use crate::findings::Findings;
use crate::handler::{Handler, Kind, Place};
use crate::sink::{Plan, Sink};

/// The queue's maxReceiveCount.
const MAX_RECEIVES: u32 = 5;

/// The counts of a run.
struct Counts {
    tasks: u64,
    accepted: u64,
    lost: u64,
    redelivered: u64,
    abandoned: u64,
}

pub async fn measure(place: &Place, effort: &Effort) -> Result<Findings, Error> {
    let kinds = place.built(&[Kind::Worker, Kind::BareTrimmed]);
    let mut section = Section::new(
        "One response in ten is lost",
        "The sink accepts the report and cuts the connection. Messages that a handler lists as failed are redelivered, five times at most, and then go to the dead-letter queue.",
    );
    let mut rows = Vec::new();
    let mut goals = Vec::new();
    for kind in kinds {
        let counts = run(place, kind, if effort.quick { 20 } else { 100 }).await?;
        let columns = [counts.tasks, counts.accepted, counts.lost, counts.redelivered, counts.abandoned];
        rows.push([vec![kind.name().to_owned()], columns.map(|count| count.to_string()).to_vec()].concat());
        if kind == Kind::Worker {
            let all = counts.accepted == counts.tasks
                && counts.redelivered == 0
                && counts.abandoned == 0
                && counts.lost > 0;
            goals.push(Goal::new(
                "10 % of responses lost after acceptance",
                "each token accepted once, 0 redelivered, 0 abandoned".into(),
                format!(
                    "{} of {}, {}, {}",
                    counts.accepted, counts.tasks, counts.redelivered, counts.abandoned
                ),
                all,
            ));
        }
    }
    section.plain(&["", "tasks", "accepted, once each", "responses lost", "redelivered", "abandoned"], &rows);
    Ok(Findings { section, goals, ..Findings::default() })
}

async fn run(place: &Place, kind: Kind, batches: u64) -> Result<Counts, Error> {
    let sink = Sink::start(Plan { lost_one_in: 10, ..Plan::default() }, None).await?;
    let handler = Handler::start(place, kind, &sink.vars()).await?;
    let mut queue: VecDeque<(Vec<u64>, u32)> =
        (0..batches).map(|batch| ((batch * 10..(batch + 1) * 10).collect(), 1)).collect();
    let (mut redelivered, mut abandoned) = (0, 0);
    while let Some((numbers, receives)) = queue.pop_front() {
        let (_, nacked) = handler.invoke(event("swf", numbers, receives), TIME).await?;
        let nacked: Vec<u64> = nacked.iter().filter_map(|id| number(id)).collect();
        if nacked.is_empty() {
            continue;
        }
        if receives == MAX_RECEIVES {
            abandoned += nacked.len() as u64;
        } else {
            redelivered += nacked.len() as u64;
            queue.push_back((nacked, receives + 1));
        }
    }
    let records = sink.records();
    Ok(Counts {
        tasks: batches * 10,
        accepted: records.accepted(),
        lost: records.lost,
        redelivered,
        abandoned,
    })
}
