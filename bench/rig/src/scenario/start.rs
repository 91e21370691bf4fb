//! From the start of the process to its first `/next`, and the first report over TLS.

use std::time::Duration;

use crate::chart::Panel;
use crate::driver::TIME;
use crate::effort::Effort;
use crate::error::Error;
use crate::event::Tasks;
use crate::figures::{Goal, Section, Series, millis};
use crate::findings::Findings;
use crate::handler::{Handler, Kind, Place};
use crate::sink::{Plan, Sink};
use crate::tls::Tls;

/// The latency of a service in the same region, at best.
const LATENCY: Duration = Duration::from_millis(5);

pub async fn measure(place: &Place, effort: &Effort, tls: &Tls) -> Result<Findings, Error> {
    let kinds = place.built(&[
        Kind::Worker,
        Kind::BareTrimmed,
        Kind::BareDefault,
        Kind::PowertoolsSync,
        Kind::PowertoolsAsync,
        Kind::BotoSync,
        Kind::BotoThreads,
    ]);
    let mut starts = vec![Series::default(); kinds.len()];
    let mut first = starts.clone();
    let mut second = starts.clone();
    let plan = Plan { latency: LATENCY, ..Plan::default() };
    for round in 0..effort.rounds {
        for (at, kind) in kinds.iter().enumerate() {
            if round >= effort.rounds_of(*kind) {
                continue;
            }
            let sink = Sink::start(plan, Some(tls.acceptor.clone())).await?;
            let vars = [
                ("AWS_ENDPOINT_URL_SWF", format!("https://localhost:{}", sink.address.port())),
                ("SSL_CERT_FILE", tls.authority.display().to_string()),
                ("AWS_CA_BUNDLE", tls.authority.display().to_string()),
            ];
            let handler = Handler::start(place, *kind, &vars).await?;
            starts[at].push(millis(handler.started_in));
            // Lambda sends the first event some time after the start.
            tokio::time::sleep(Duration::from_millis(100)).await;
            let mut tasks = Tasks::of("swf");
            for series in [&mut first[at], &mut second[at]] {
                let (took, nacked) = handler.invoke(tasks.batch(1), TIME).await?;
                if !nacked.is_empty() {
                    return Err(format!("{}: a report over TLS came back", kind.name()).into());
                }
                series.push(millis(took));
            }
        }
    }
    let of = |wanted| kinds.iter().position(|kind| *kind == wanted);
    let rows = |series: &'_ [Series]| -> Vec<(&'static str, Series)> {
        kinds.iter().map(|kind| kind.name()).zip(series.iter().cloned()).collect()
    };
    let mut section = Section::new(
        "Start",
        "From `exec` to the first `/next`; then, 100 ms later, two invocations of one task each against a TLS sink that answers after 5 ms.",
    );
    for (what, series) in [("start", &starts), ("first invocation", &first), ("second invocation", &second)] {
        let rows = rows(series);
        let rows: Vec<_> = rows.iter().map(|(name, series)| (*name, series)).collect();
        section.table(what, "ms", &rows);
    }
    let mut goals = Vec::new();
    if let (Some(trimmed), Some(default)) = (of(Kind::BareTrimmed), of(Kind::BareDefault)) {
        goals.push(Goal::at_most(
            "start to first `/next`, against bare with defaults",
            1.0,
            starts[0].ratio(&starts[default]),
            " ×",
        ));
        goals.push(Goal::at_most(
            "start to first `/next`, against bare trimmed",
            1.2,
            starts[0].ratio(&starts[trimmed]),
            " ×",
        ));
    }
    goals.push(Goal::at_most(
        "first report over TLS against the second",
        1.3,
        first[0].ratio(&second[0]),
        " ×",
    ));
    let panels = vec![Panel::new("Start to first /next, ms", rows(&starts))];
    Ok(Findings { section, goals, panels })
}
