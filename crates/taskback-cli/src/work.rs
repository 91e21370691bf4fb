//! `taskback work`: the worker as a process, without a function host.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use taskback::QueueWorkerConfig;

use crate::exit::CommandResult;

/// Receives messages from an SQS queue and runs the step configured in TASKBACK_STEP, until SIGTERM or Ctrl-C.
///
/// Settings come from the environment, as for the worker on Lambda. TASKBACK_CONCURRENCY limits the concurrent steps
/// of this process. After the first signal running steps may finish; a second signal cancels them.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The queue. The groups of a FIFO queue are processed in order.
    #[arg(long, value_name = "URL", env = "TASKBACK_QUEUE_URL", hide_env_values = true, value_parser = NonEmptyStringValueParser::new())]
    queue_url: String,
    /// Time for one message, from its receive to its acknowledgement, 1 to 39600.
    #[arg(long, value_name = "SECONDS", default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..=39600))]
    timeout: u64,
    /// Long-poll time of a receive on an empty queue, 0 to 20; a shutdown waits for it.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=20))]
    wait: u64,
    /// Time for running steps after a shutdown was requested, 0 to 3600, followed by 8 s for reports. A shutdown takes
    /// up to 8 s plus the longer of this and --wait + 10: 28 s unless set.
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(0..=3600))]
    grace: u64,
    /// Address that serves GET /livez, /readyz and /metrics.
    #[arg(long, value_name = "ADDRESS:PORT")]
    health: Option<SocketAddr>,
    /// Runs no step: reports an outcome for every task in this dead-letter queue. Requires the workers' TASKBACK_LEDGER,
    /// a store that processes share.
    #[arg(long)]
    dead_letters: bool,
}

pub(crate) async fn run(args: Args) -> CommandResult {
    let config = QueueWorkerConfig {
        timeout: Duration::from_secs(args.timeout),
        wait: Duration::from_secs(args.wait),
        grace: Duration::from_secs(args.grace),
        health: args.health,
        ..QueueWorkerConfig::new(args.queue_url)
    };
    if args.dead_letters {
        taskback::run_dead_letter_queue_worker(config).await?;
    } else {
        taskback::run_configured_queue_worker(config).await?;
    }
    Ok(ExitCode::SUCCESS)
}
