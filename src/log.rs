//! The log: JSON lines for CloudWatch and its like, without secrets.

mod json;
mod lines;

use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::sync::OnceLock;
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::environment;
use json::JsonLines;
use lines::Lines;

/// Logs this process's events to stdout, one JSON object a line, and panics by their source location. A slow reader of
/// stdout delays nothing: up to 1 MiB of lines wait, and those beyond are dropped and counted. The filter is
/// `RUST_LOG`, else `AWS_LAMBDA_LOG_LEVEL`, else INFO. A subscriber that is installed already stays.
///
/// ```no_run
/// taskback::log::init();
/// ```
pub fn init() {
    let set = |name| environment::text(name).filter(|value| !value.trim().is_empty());
    let filter = set("RUST_LOG").or_else(|| set("AWS_LAMBDA_LOG_LEVEL")).unwrap_or_default();
    match Lines::stdout(announce) {
        Ok(lines) => {
            let writer = lines.clone();
            if subscriber(&filter, move || writer.clone()).try_init().is_ok() {
                // Only the first subscriber is installed, and it sets this once.
                let _ = STDOUT.set(lines);
            }
        }
        // An error means that another subscriber is installed, which stays.
        Err(_) => {
            let _ = subscriber(&filter, io::stdout).try_init();
        }
    }
    hide_panics();
}

/// The lines of [`init`], for [`flush`].
static STDOUT: OnceLock<Lines> = OnceLock::new();

/// Waits at most a second for lines whose reader is slow, at the end of a process.
pub(crate) fn flush() {
    if let Some(lines) = STDOUT.get() {
        lines.flush(Duration::from_secs(1));
    }
}

/// Writes a line that is not of the log, in order with those that are.
pub(crate) fn write_line(line: &str) {
    let line = format!("{line}\n");
    // An error means that stdout has no reader.
    let _ = match STDOUT.get() {
        Some(lines) => lines.clone().write_all(line.as_bytes()),
        None => io::stdout().write_all(line.as_bytes()),
    };
}

/// Logs the number of lines that were dropped.
fn announce(lines: u64) {
    tracing::warn!(
        event = "log.lines_dropped",
        lines,
        "log lines were dropped because their reader was too slow"
    );
}

/// Makes panics show their source location and not their text, which may hold the input or the token: in the log, or
/// on stderr where nothing is logged. [`init`] does it already.
///
/// ```no_run
/// taskback::log::hide_panics();
/// ```
pub fn hide_panics() {
    std::panic::set_hook(Box::new(panicked));
}

/// The subscriber behind [`init`], for another writer. Crates that print whole requests below INFO are capped there,
/// whatever `filter` says: requests contain tokens. The crate that finds credentials is capped at ERROR.
///
/// ```
/// use std::io;
///
/// let subscriber = taskback::log::subscriber("info,taskback=debug", io::stderr);
/// tracing::subscriber::with_default(subscriber, || tracing::info!(event = "example.started", "started"));
/// ```
pub fn subscriber<W>(filter: &str, writer: W) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = JsonLines(writer).with_filter(expected(filter).and(filter_fn(is_harmless)));
    tracing_subscriber::registry().with(lines)
}

/// Parses levels, and targets with their levels, as in `info,taskback=debug`; other parts are ignored.
fn expected(filter: &str) -> Targets {
    let mut expected = Targets::new().with_default(LevelFilter::INFO);
    // A part without a name would match every target.
    let named = |part: &&str| !part.is_empty() && !part.starts_with(['=', '[']);
    let parts = filter.split(',').map(str::trim).filter(named);
    for part in parts.filter_map(|part| part.parse::<Targets>().ok()) {
        if let Some(level) = part.default_level() {
            expected = expected.with_default(level);
        }
        expected.extend(part);
    }
    expected
}

/// The target of the AWS SDK that logs at INFO which credentials it found, with the access key id, and at WARN what the
/// command of a `credential_process` wrote to stderr. The reason for which there are none is in our own lines.
const CREDENTIALS: &str = "aws_config";

/// Crates that see tokens or credentials and log what they see.
const CAPPED: [&str; 13] = [
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
    "mysql",
];

fn is_harmless(metadata: &Metadata<'_>) -> bool {
    if metadata.target().starts_with(CREDENTIALS) {
        return *metadata.level() <= Level::ERROR;
    }
    *metadata.level() <= Level::INFO || !CAPPED.iter().any(|name| metadata.target().starts_with(name))
}

/// Logs a panic by its source location only: its text is the user's and may hold the input or the token.
fn panicked(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(event = "process.panicked", place, "panic");
    if !tracing::dispatcher::has_been_set() {
        // A closed stderr must not cause a second panic.
        let _ = writeln!(io::stderr(), "panic at {place}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The most detailed level that is logged of taskback's own.
    fn own(filter: &str) -> Option<Level> {
        let levels = [Level::TRACE, Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR];
        levels.into_iter().find(|level| expected(filter).would_enable("taskback::adapter", level))
    }

    #[test]
    fn info_is_the_default_level() {
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
    fn filter_sets_general_and_target_levels() {
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
