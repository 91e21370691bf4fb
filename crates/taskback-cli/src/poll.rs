//! `taskback poll`: SWF's tasks into the workers' queue.

use std::net::SocketAddr;
use std::process::ExitCode;

use taskback::settings::PollerSettings;

use crate::Ended;

/// Polls an SWF task list and puts every task into an SQS queue, until SIGTERM or Ctrl-C; then it waits
/// for the polls that SWF still holds, up to 60 s.
///
/// A task's clocks, also of its heartbeat, run while its message waits for a worker. What cannot be
/// queued is failed at SWF as NotQueued.
#[derive(clap::Args)]
#[command(
    after_help = "Each option counts before its variable: TASKBACK_SWF_DOMAIN, TASKBACK_SWF_TASK_LIST,\n\
                        TASKBACK_QUEUE_URL, TASKBACK_POLLERS, TASKBACK_SWF_HEARTBEAT_TIMEOUT."
)]
pub(crate) struct Args {
    /// The SWF domain.
    #[arg(long, value_name = "NAME")]
    domain: Option<String>,
    /// The task list.
    #[arg(long, value_name = "NAME")]
    task_list: Option<String>,
    /// The workers' queue; on a FIFO queue a workflow's tasks are a group.
    #[arg(long, value_name = "URL")]
    queue_url: Option<String>,
    /// Polls at once, 1 to 100 [default: 2].
    #[arg(long, value_name = "NUMBER")]
    pollers: Option<String>,
    /// The activities' heartbeat timeout, 1 to 86400, for the workers to keep to.
    #[arg(long, value_name = "SECONDS")]
    heartbeat_timeout: Option<String>,
    /// Where to answer GET /livez and /readyz.
    #[arg(long, value_name = "ADDRESS:PORT")]
    health: Option<SocketAddr>,
}

pub(crate) async fn run(args: Args) -> Ended {
    let options = [
        ("TASKBACK_SWF_DOMAIN", args.domain),
        ("TASKBACK_SWF_TASK_LIST", args.task_list),
        ("TASKBACK_QUEUE_URL", args.queue_url),
        ("TASKBACK_POLLERS", args.pollers),
        ("TASKBACK_SWF_HEARTBEAT_TIMEOUT", args.heartbeat_timeout),
    ];
    // The settings judge both alike, and name every fault at once; of two of a name the later counts.
    let options = options.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    // What is not UTF-8 is no setting.
    let vars = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let settings = PollerSettings::from_vars(vars.chain(options))?;
    taskback::poll(settings, args.health).await?;
    Ok(ExitCode::SUCCESS)
}
