//! Steps of 20 ms and reports of 20 ms, in batches of ten.

use std::time::Duration;

use crate::driver::{Load, load};
use crate::effort::Effort;
use crate::error::Error;
use crate::figures::{Goal, Section, Series};
use crate::findings::Findings;
use crate::handler::{Kind, Place};
use crate::sink::Plan;

const WAIT: Duration = Duration::from_millis(20);

pub async fn measure(place: &Place, effort: &Effort) -> Result<Findings, Error> {
    let kinds = place.built(&[
        Kind::Worker,
        Kind::BareTrimmed,
        Kind::BareDefault,
        Kind::PowertoolsSync,
        Kind::PowertoolsAsync,
        Kind::BotoSync,
        Kind::BotoThreads,
    ]);
    let mut p50 = vec![Series::default(); kinds.len()];
    let plan = Plan { latency: WAIT, step: WAIT, ..Plan::default() };
    for _ in 0..effort.rounds.min(3) {
        for (kind, p50) in kinds.iter().zip(&mut p50) {
            if p50.n() < effort.rounds_of(*kind) {
                let amount = Load { batch: 10, invocations: 20, warm_up: 3 };
                p50.push(load(place, *kind, plan, amount).await?.p50 / 1e3);
            }
        }
    }
    let mut section = Section::new(
        "A step of 20 ms, reports of 20 ms, batch 10",
        "The p50 of 20 invocations in each round. The rig's waits are exact; a timer in a handler is up to two milliseconds late.",
    );
    let rows: Vec<_> = kinds.iter().map(|kind| kind.name()).zip(&p50).collect();
    section.table("invocation, p50", "ms", &rows);
    let goals = match kinds.first() {
        Some(Kind::Worker) => {
            vec![Goal::at_most("batch 10, 20 ms step, 20 ms report: p50", 44.0, p50[0].median(), " ms")]
        }
        _ => Vec::new(),
    };
    Ok(Findings { section, goals, ..Findings::default() })
}
