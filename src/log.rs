//! JSON lines for CloudWatch and its like, and what may never be in them.

use std::io::{self, Write};
use std::panic::PanicHookInfo;

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Logs this process's events to stdout, one JSON object a line, and panics by their place. What
/// `RUST_LOG` says counts, then `AWS_LAMBDA_LOG_LEVEL`, then INFO. A subscriber that is there already stays.
pub fn init() {
    let set = |name| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let filter = set("RUST_LOG").or_else(|| set("AWS_LAMBDA_LOG_LEVEL")).unwrap_or_default();
    drop(subscriber(&filter, io::stdout).try_init());
    hide_panics();
}

/// Has panics say their place and not their text, which may hold the input or the token: in the log, or
/// on stderr where nothing is logged. [`init`] does it already.
pub fn hide_panics() {
    std::panic::set_hook(Box::new(panicked));
}

/// The subscriber behind [`init`], for a writer of your own. Whatever `filter` says, crates that
/// print whole requests below INFO are capped there: tokens travel in those.
pub fn subscriber<W>(filter: &str, writer: W) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let json = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_writer(writer)
        .with_filter(wanted(filter).and(filter_fn(is_harmless)));
    tracing_subscriber::registry().with(json)
}

/// Levels, and targets with their levels, as in `info,taskback=debug`; what is neither is passed over.
fn wanted(filter: &str) -> Targets {
    let mut wanted = Targets::new().with_default(LevelFilter::INFO);
    // A part without a name would be read as "all that is named nothing", which is all there is.
    let named = |part: &&str| !part.is_empty() && !part.starts_with(['=', '[']);
    let parts = filter.split(',').map(str::trim).filter(named);
    for part in parts.filter_map(|part| part.parse::<Targets>().ok()) {
        if let Some(level) = part.default_level() {
            wanted = wanted.with_default(level);
        }
        wanted.extend(part);
    }
    wanted
}

/// Crates that see tokens or credentials and log what they see.
const CAPPED: [&str; 12] = [
    "lambda_runtime",
    "aws_",
    "hyper",
    "reqsign",
    "rustls",
    "h2",
    "tower",
    "http",
    "mio",
    "tokio",
    "rpc",
    "want",
];

fn is_harmless(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO || !CAPPED.iter().any(|name| metadata.target().starts_with(name))
}

/// A panic's text is the user's and may hold the input or the token: only its place is printed.
fn panicked(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "panic");
    if !tracing::dispatcher::has_been_set() {
        // A stderr that is closed is no reason for a second panic.
        drop(writeln!(io::stderr(), "panic at {place}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The most detailed level that is logged of taskback's own.
    fn own(filter: &str) -> Option<Level> {
        let levels = [Level::TRACE, Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR];
        levels.into_iter().find(|level| wanted(filter).would_enable("taskback::adapter", level))
    }

    #[test]
    fn what_a_filter_does_not_say_is_logged_at_info() {
        for filter in [
            "",
            " ",
            ",",
            "tower=warn",
            "tower=warn,",
            "no level at all",
            "[span]=trace",
            "[{task}]=trace",
            "=trace",
        ] {
            assert_eq!(own(filter), Some(Level::INFO), "{filter:?}");
        }
    }

    #[test]
    fn a_filter_sets_the_level_of_all_or_of_a_target() {
        for (filter, expected) in [
            ("debug", Some(Level::DEBUG)),
            ("WARN", Some(Level::WARN)),
            ("off", None),
            ("error,taskback=trace", Some(Level::TRACE)),
            (" taskback=warn , debug ", Some(Level::WARN)),
        ] {
            assert_eq!(own(filter), expected, "{filter:?}");
        }
    }
}
