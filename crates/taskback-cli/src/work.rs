//! `taskback work`: the worker outside of any function host.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use taskback::Work;

use crate::Ended;

/// Takes messages from an SQS queue and runs the step of TASKBACK_STEP, until SIGTERM or Ctrl-C.
///
/// Settings come from the environment, as the worker's on Lambda; TASKBACK_CONCURRENCY counts the steps
/// of this process. Steps that run when it is asked to end may finish; a second signal cancels them.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The queue. A FIFO queue's groups are kept in order.
    #[arg(long, value_name = "URL", env = "TASKBACK_QUEUE_URL")]
    queue_url: String,
    /// One message's time, from its receive to its settlement, 1 to 39600.
    #[arg(long, value_name = "SECONDS", default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..=39600))]
    timeout: u64,
    /// How long an empty queue holds a receive, 0 to 20; the end waits for that.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=20))]
    wait: u64,
    /// How long steps may go on when the process is to end, 0 to 3600; 8 s more are for reports.
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(0..=3600))]
    grace: u64,
    /// Where to answer GET /livez and /readyz.
    #[arg(long, value_name = "ADDRESS:PORT")]
    health: Option<SocketAddr>,
    /// Instead of the step: tells every task whose message came to this dead-letter queue. Needs
    /// TASKBACK_LEDGER=dynamodb:TABLE, as the workers.
    #[arg(long)]
    dead_letters: bool,
}

pub(crate) async fn run(args: Args) -> Ended {
    let how = Work {
        timeout: Duration::from_secs(args.timeout),
        wait: Duration::from_secs(args.wait),
        grace: Duration::from_secs(args.grace),
        health: args.health,
        ..Work::new(args.queue_url)
    };
    match args.dead_letters {
        true => taskback::work_dead_letters(how).await?,
        false => taskback::work_chosen(how).await?,
    }
    Ok(ExitCode::SUCCESS)
}
