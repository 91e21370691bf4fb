//! `taskback flow start|stop|describe`: executions of FnF flows.

mod follow;
mod input;
mod show;

use aliyun_fnf::Execution;
use clap::Subcommand;
use serde::Serialize;
use serde_json::value::RawValue;
use std::error::Error;
use taskback::fnf_flow::{FlowControl, Request};
use taskback::{Clients, Settings};
use tokio::time::Instant;

use crate::environment;
use crate::exit::CommandResult;
use follow::{ExecutionFollower, ExpectedEnd, REQUEST_TIMEOUT};

/// Starts, stops and shows executions of FnF flows.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: FlowCommand,
}

#[derive(Subcommand)]
enum FlowCommand {
    Start(StartArgs),
    Stop(StopArgs),
    Describe(DescribeArgs),
}

/// Starts an execution of a flow.
///
/// If an execution of that name and input exists already, running or ended, nothing is started and that execution is
/// shown.
#[derive(clap::Args)]
#[command(after_help = HELP)]
struct StartArgs {
    /// The flow's name.
    flow: String,
    /// The execution's name, 1 to 128 of A-Z a-z 0-9 _ -; generated unless set.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    input: input::Input,
    /// The flow's version or alias.
    #[arg(long, value_name = "VERSION")]
    qualifier: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Stops an execution of a flow.
///
/// An execution that has ended already does not change and is shown.
#[derive(clap::Args)]
#[command(after_help = HELP)]
struct StopArgs {
    /// The flow's name.
    flow: String,
    /// The execution's name.
    execution: String,
    /// Error name for the history, 1 to 128 characters.
    #[arg(long, value_name = "NAME")]
    error: Option<String>,
    /// Cause for the history, 1 to 4096 characters.
    #[arg(long, value_name = "TEXT")]
    cause: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Shows an execution of a flow, with its history as a timeline.
#[derive(clap::Args)]
#[command(after_help = HELP)]
struct DescribeArgs {
    /// The flow's name.
    flow: String,
    /// The execution's name.
    execution: String,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(clap::Args)]
struct OutputArgs {
    /// Waits for the execution to end, for at most this long, and shows its timeline meanwhile. Ctrl-C ends the wait,
    /// not the execution.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true,
        value_parser = clap::value_parser!(u64).range(1..=31_622_400))]
    wait: Option<Option<u64>>,
    /// Prints one JSON object; with --wait, and for `describe`, it includes the events of the history.
    #[arg(long)]
    json: bool,
}

const HELP: &str = "\
FNF_REGION or FNF_ENDPOINT locates FnF. Credentials come from ALIBABA_CLOUD_ACCESS_KEY_ID and
ALIBABA_CLOUD_ACCESS_KEY_SECRET, or any other source of the Alibaba Cloud SDKs. `taskback local` prints settings for
its own services.

Exit codes:
  0  the request succeeded; with --wait: the execution succeeded, or for `stop` ended in any way
  1  with --wait: the execution failed, timed out or was stopped
  2  the request failed: invalid argument or setting, rejected by FnF, or FnF unreachable; stderr has the error
  3  with --wait=SECONDS: the execution did not end in that time";

pub(crate) async fn run(args: Args) -> CommandResult {
    match args.command {
        FlowCommand::Start(args) => start(args).await,
        FlowCommand::Stop(args) => stop(args).await,
        FlowCommand::Describe(args) => describe(args).await,
    }
}

async fn start(args: StartArgs) -> CommandResult {
    let name = args.name.map_or_else(generate_name, Ok)?;
    let body = RequestBody::Start {
        flow_name: &args.flow,
        execution_name: &name,
        input: args.input.read()?,
        qualifier: args.qualifier.as_deref(),
    };
    perform(&body, &args.output, ExpectedEnd::Success).await
}

async fn stop(args: StopArgs) -> CommandResult {
    let (flow_name, execution_name) = (&*args.flow, &*args.execution);
    let (error, cause) = (args.error.as_deref(), args.cause.as_deref());
    let body = RequestBody::Stop { flow_name, execution_name, error, cause };
    perform(&body, &args.output, ExpectedEnd::Any).await
}

async fn describe(args: DescribeArgs) -> CommandResult {
    let follower = ExecutionFollower::new(connect().await?, &args.flow, &args.execution, args.output.json);
    match args.output.wait {
        Some(wait) => follower.follow(wait, ExpectedEnd::Success).await,
        None => follower.show().await,
    }
}

/// Performs a request like the handler does for an event, with the same checks.
async fn perform(body: &RequestBody<'_>, output: &OutputArgs, expected: ExpectedEnd) -> CommandResult {
    let request = Request::read(&serde_json::to_string(body)?, None)?;
    let control = connect().await?;
    let result = control.perform(&request, Instant::now() + REQUEST_TIMEOUT).await;
    let execution = with_names(result.map_err(|error| show::printable(&error.to_string()))?, &request);
    let follower =
        ExecutionFollower::new(control, request.flow_name(), request.execution_name(), output.json);
    match output.wait {
        Some(wait) => follower.follow(wait, expected).await,
        None => follower.print_status(&execution),
    }
}

/// A start or stop request in the handler's format.
#[derive(Serialize)]
#[serde(tag = "action", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum RequestBody<'a> {
    Start {
        flow_name: &'a str,
        execution_name: &'a str,
        input: Option<Box<RawValue>>,
        qualifier: Option<&'a str>,
    },
    Stop {
        flow_name: &'a str,
        execution_name: &'a str,
        error: Option<&'a str>,
        cause: Option<&'a str>,
    },
}

/// Connects with the settings of FnF. Other settings of the environment are not read, so they may be invalid.
async fn connect() -> Result<FlowControl, Box<dyn Error>> {
    let settings = Settings::from_os_vars(environment::vars_with_prefix(&["FNF_", "ALIBABA_CLOUD_"]))?;
    if !settings.fnf.is_set() {
        return Err(
            "FNF_REGION, FNF_ENDPOINT: not set, expected one of them, such as FNF_REGION=cn-hangzhou".into(),
        );
    }
    let clients = if settings.fnf.secret_id.is_some() {
        Clients::connect(&settings).await
    } else {
        Clients::without_aws(&settings)
    };
    Ok(FlowControl::connect(&clients).await?)
}

/// Generates a name here and not at the service, so that a retry after a lost response finds the same execution.
fn generate_name() -> Result<String, getrandom::Error> {
    Ok(format!("tb-{:016x}", getrandom::u64()?))
}

/// Adds the names of the request, which the service may leave out of its answer.
fn with_names(mut execution: Execution, request: &Request) -> Execution {
    execution.flow_name.get_or_insert_with(|| request.flow_name().to_owned());
    execution.name.get_or_insert_with(|| request.execution_name().to_owned());
    execution
}
