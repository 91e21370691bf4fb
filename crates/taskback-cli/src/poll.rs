//! `taskback poll`: moves polled tasks into the workers' queue.

use std::net::SocketAddr;
use std::process::ExitCode;

use taskback::settings::PollerSettings;

use crate::environment;
use crate::exit::CommandResult;

/// Polls an SWF task list or a Step Functions activity and sends every task to an SQS queue, until SIGTERM or Ctrl-C.
///
/// After the signal it waits for the polls that the service still holds and queues their tasks.
///
/// The end takes up to 90 s: the service holds a poll for at most 70 s, sending a task takes up to 10 s, and reporting a
/// task that could not be queued takes up to 10 s. Configure the host to allow for that: if the process is killed between
/// a poll and the send, the task waits for its own timeout.
///
/// A task's timeouts, including its heartbeat timeout, keep running while its message is queued. A task that cannot be
/// queued is reported as failed with the error NotQueued.
#[derive(clap::Args)]
#[command(after_help = "Each option overrides its variable: TASKBACK_SWF_DOMAIN, TASKBACK_SWF_TASK_LIST,\n\
                        TASKBACK_ACTIVITY_ARN, TASKBACK_QUEUE_URL, TASKBACK_POLLERS,\n\
                        TASKBACK_SWF_HEARTBEAT_TIMEOUT, TASKBACK_ACTIVITY_HEARTBEAT_TIMEOUT.")]
pub(crate) struct Args {
    /// The SWF domain.
    #[arg(long, value_name = "NAME", conflicts_with = "activity_arn")]
    domain: Option<String>,
    /// The task list.
    #[arg(long, value_name = "NAME", conflicts_with = "activity_arn")]
    task_list: Option<String>,
    /// The activity of Step Functions, in place of domain and task list.
    #[arg(long, value_name = "ARN")]
    activity_arn: Option<String>,
    /// The workers' queue. On a FIFO queue the tasks of an SWF workflow execution form a message group.
    #[arg(long, value_name = "URL")]
    queue_url: Option<String>,
    /// Number of concurrent polls, 1 to 100 [default: 2].
    #[arg(long, value_name = "NUMBER")]
    pollers: Option<String>,
    /// Heartbeat timeout of the activities, 1 to 86400; the workers send heartbeats accordingly.
    #[arg(long, value_name = "SECONDS")]
    heartbeat_timeout: Option<String>,
    /// Address that serves GET /livez, /readyz and /metrics.
    #[arg(long, value_name = "ADDRESS:PORT")]
    health: Option<SocketAddr>,
}

pub(crate) async fn run(args: Args) -> CommandResult {
    let options = [
        ("TASKBACK_SWF_DOMAIN", args.domain),
        ("TASKBACK_SWF_TASK_LIST", args.task_list),
        ("TASKBACK_ACTIVITY_ARN", args.activity_arn),
        ("TASKBACK_QUEUE_URL", args.queue_url),
        ("TASKBACK_POLLERS", args.pollers),
        ("TASKBACK_SWF_HEARTBEAT_TIMEOUT", args.heartbeat_timeout.clone()),
        ("TASKBACK_ACTIVITY_HEARTBEAT_TIMEOUT", args.heartbeat_timeout),
    ];
    // The settings validate options and variables alike and list all errors at once. Of two values with one name the
    // later one is used.
    let options = options.into_iter().filter_map(|(name, value)| Some((name.into(), value?.into())));
    let settings = PollerSettings::from_os_vars(environment::vars().chain(options)).inspect_err(|error| {
        taskback::log::init();
        tracing::error!(event = "process.start_failed", %error, "cannot start");
    })?;
    taskback::poll(settings, args.health).await?;
    Ok(ExitCode::SUCCESS)
}
