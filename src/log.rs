//! JSON lines for CloudWatch and its like, and what may never be in them.

use std::panic::PanicHookInfo;

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Logs this process's events to stdout, one JSON object a line, and panics by their place. What
/// `RUST_LOG` says counts, then `AWS_LAMBDA_LOG_LEVEL`, then INFO. A subscriber that is there already stays.
pub fn init() {
    let filter =
        std::env::var("RUST_LOG").or_else(|_| std::env::var("AWS_LAMBDA_LOG_LEVEL")).unwrap_or_default();
    drop(subscriber(&filter, std::io::stdout).try_init());
    std::panic::set_hook(Box::new(panicked));
}

/// The subscriber behind [`init`], for a writer of your own. Whatever `filter` says, crates that
/// print whole requests below INFO are capped there: tokens travel in those.
pub fn subscriber<W>(filter: &str, writer: W) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let wanted = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).parse_lossy(filter);
    let json = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_writer(writer)
        .with_filter(wanted.and(filter_fn(is_harmless)));
    tracing_subscriber::registry().with(json)
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
}
