//! One answer in ten is lost after the report was taken.

use std::collections::VecDeque;

use crate::Error;
use crate::driver::TIME;
use crate::effort::Effort;
use crate::event::{event, number};
use crate::figures::{Goal, Section};
use crate::handler::{Handler, Kind, Place};
use crate::scenario::Found;
use crate::sink::{Plan, Sink};

/// The queue's maxReceiveCount.
const MOST_RECEIVES: u32 = 5;

/// What became of the messages.
struct Ended {
    tasks: u64,
    accepted: u64,
    lost: u64,
    redelivered: u64,
    abandoned: u64,
}

pub async fn measure(place: &Place, effort: &Effort) -> Result<Found, Error> {
    let kinds = place.built(&[Kind::Worker, Kind::BareTrimmed]);
    let mut section = Section::new(
        "One answer in ten is lost",
        "The sink takes the report and cuts the connection. What a handler lists as failed is delivered again, five times at most, and is then abandoned to the dead-letter queue.",
    );
    let mut rows = Vec::new();
    let mut goals = Vec::new();
    for kind in kinds {
        let ended = run(place, kind, if effort.quick { 20 } else { 100 }).await?;
        let counts = [ended.tasks, ended.accepted, ended.lost, ended.redelivered, ended.abandoned];
        rows.push([vec![kind.name().to_owned()], counts.map(|count| count.to_string()).to_vec()].concat());
        if kind == Kind::Worker {
            let all = ended.accepted == ended.tasks
                && ended.redelivered == 0
                && ended.abandoned == 0
                && ended.lost > 0;
            goals.push(Goal::new(
                "10 % of answers lost after acceptance",
                "each token accepted once, 0 redelivered, 0 abandoned".into(),
                format!("{} of {}, {}, {}", ended.accepted, ended.tasks, ended.redelivered, ended.abandoned),
                all,
            ));
        }
    }
    section.plain(&["", "tasks", "accepted, once each", "answers lost", "redelivered", "abandoned"], &rows);
    Ok(Found { section, goals, ..Found::default() })
}

async fn run(place: &Place, kind: Kind, batches: u64) -> Result<Ended, Error> {
    let sink = Sink::start(Plan { lost_one_in: 10, ..Plan::default() }, None).await?;
    let handler = Handler::start(place, kind, &sink.vars()).await?;
    let mut queue: VecDeque<(Vec<u64>, u32)> =
        (0..batches).map(|batch| ((batch * 10..(batch + 1) * 10).collect(), 1)).collect();
    let (mut redelivered, mut abandoned) = (0, 0);
    while let Some((numbers, receives)) = queue.pop_front() {
        let (_, kept) = handler.invoke(event("swf", numbers, receives), TIME).await?;
        let kept: Vec<u64> = kept.iter().filter_map(|id| number(id)).collect();
        if kept.is_empty() {
            continue;
        }
        if receives == MOST_RECEIVES {
            abandoned += kept.len() as u64;
        } else {
            redelivered += kept.len() as u64;
            queue.push_back((kept, receives + 1));
        }
    }
    let books = sink.books();
    Ok(Ended { tasks: batches * 10, accepted: books.accepted(), lost: books.lost, redelivered, abandoned })
}
