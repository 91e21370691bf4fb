use std::path::PathBuf;

use clap::ValueEnum;
use taskback::CommandLine;

use super::remote;

/// Handles one event like the deployed function and prints its response.
///
/// With --function the event goes to a function's own executable, as Lambda would hand it over.
///
/// Settings come from the environment. With the local services, TASKBACK_SERVICE defaults to fnf and TASKBACK_STEP to
/// the example verify-card, and the ledger is in memory. With the services of the environment, TASKBACK_STEP is required
/// and the ledger is that of TASKBACK_LEDGER, so that no recorded outcome is contradicted.
#[derive(clap::Args)]
#[command(after_help = "\
Exit codes:
  0  the function responded; messages that will be redelivered are listed in the response, and without --function on stderr
  1  the invocation failed; the response has the reason: {\"errorType\":…,\"errorMessage\":…}
  2  the event was not handled: invalid argument, file or setting, or services unreachable")]
pub(crate) struct Args {
    /// The event: a JSON file of at most 6 MB; - is standard input.
    #[arg(short, long, value_name = "FILE")]
    pub(super) event: PathBuf,
    /// Command of a function: the program of a step in Rust, or a runtime with a handler. It gets the environment, with
    /// the local services unless --services is environment. Words are split at white space; a JSON array has others.
    #[arg(long, value_name = "COMMAND", value_parser = CommandLine::parse)]
    pub(super) function: Option<CommandLine>,
    /// First opens a task for every token of the event at the local services. Without --local, and if nothing listens
    /// there, local services are started for this event, and the reports that they received are printed on stderr.
    #[arg(long)]
    pub(super) open: bool,
    /// URL of the local services, on loopback [default: http://127.0.0.1:9450].
    #[arg(long, value_name = "URL", value_parser = remote::parse_loopback_url)]
    pub(super) local: Option<String>,
    /// Services that outcomes are reported to.
    #[arg(long, value_enum, default_value_t = ReportTo::Local)]
    pub(super) services: ReportTo,
    /// Time of the invocation, 1 to 900.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=900))]
    pub(super) timeout: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportTo {
    /// The local services, with their keys
    Local,
    /// The services configured in the environment: the real ones
    Environment,
}
