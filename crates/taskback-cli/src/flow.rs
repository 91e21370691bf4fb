//! `taskback start`, `taskback stop`, `taskback describe`: executions of FnF's flows, for people.

mod follow;
mod input;
mod show;

use std::error::Error;
use std::time::Duration;

use aliyun_fnf::Execution;
use serde::Serialize;
use serde_json::value::RawValue;
use taskback::Settings;
use taskback::flow::{FlowControl, Request};
use tokio::time::Instant;

use crate::Ended;
use follow::{Followed, Wanted};

/// How long one request may take, all tries together.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts an execution of a flow of FnF.
///
/// A name that runs or has ended already, with the same input, is no error and starts nothing: its
/// execution is shown.
#[derive(clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct StartArgs {
    /// The flow's name.
    flow: String,
    /// The execution's name, 1 to 128 of A-Z a-z 0-9 _ -; without one it gets a fresh one.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    input: input::Input,
    /// The flow's version or alias.
    #[arg(long, value_name = "VERSION")]
    qualifier: Option<String>,
    #[command(flatten)]
    shown: Shown,
}

/// Stops an execution of a flow of FnF.
///
/// One that has ended already is left as it is and shown.
#[derive(clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct StopArgs {
    /// The flow's name.
    flow: String,
    /// The execution's name.
    execution: String,
    /// The error that its history shall say, 1 to 128 characters.
    #[arg(long, value_name = "NAME")]
    error: Option<String>,
    /// The cause that its history shall say, 1 to 4096 characters.
    #[arg(long, value_name = "TEXT")]
    cause: Option<String>,
    #[command(flatten)]
    shown: Shown,
}

/// Shows an execution of a flow of FnF, and its history as a timeline.
#[derive(clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct DescribeArgs {
    /// The flow's name.
    flow: String,
    /// The execution's name.
    execution: String,
    #[command(flatten)]
    shown: Shown,
}

#[derive(clap::Args)]
struct Shown {
    /// Waits for the execution's end, at most that long; its timeline is shown meanwhile. Ctrl-C ends
    /// the wait, not the execution.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true,
        value_parser = clap::value_parser!(u64).range(1..=31_622_400))]
    wait: Option<Option<u64>>,
    /// Prints one JSON object: with --wait and for describe with the history's events.
    #[arg(long)]
    json: bool,
}

const HELP: &str = "\
FNF_REGION or FNF_ENDPOINT says where FnF is, ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET
(or any other source of Alibaba Cloud's SDKs) who asks. `taskback local` prints settings for its own services.

Exit codes:
  0  done; with --wait: the execution ended, and unless it was to be stopped it succeeded
  1  with --wait: the execution failed, timed out or was stopped
  2  not done: a wrong argument or setting, a refusal, or FnF out of reach; stderr says why
  3  with --wait=SECONDS: the execution has not ended in that time";

pub(crate) async fn start(args: StartArgs) -> Ended {
    let name = args.name.map_or_else(fresh_name, Ok)?;
    let body = Body::Start {
        flow_name: &args.flow,
        execution_name: &name,
        input: args.input.read()?,
        qualifier: args.qualifier.as_deref(),
    };
    perform(&body, &args.shown, Wanted::Success).await
}

pub(crate) async fn stop(args: StopArgs) -> Ended {
    let (flow_name, execution_name) = (&*args.flow, &*args.execution);
    let (error, cause) = (args.error.as_deref(), args.cause.as_deref());
    let body = Body::Stop { flow_name, execution_name, error, cause };
    perform(&body, &args.shown, Wanted::End).await
}

pub(crate) async fn describe(args: DescribeArgs) -> Ended {
    let followed = Followed::new(control().await?, &args.flow, &args.execution, args.shown.json);
    match args.shown.wait {
        Some(wait) => followed.until_the_end(wait, Wanted::Success).await,
        None => followed.once().await,
    }
}

/// Asks as an event of the handler would, so that the same is checked and the same is done.
async fn perform(body: &Body<'_>, shown: &Shown, wanted: Wanted) -> Ended {
    let request = Request::read(&serde_json::to_string(body)?, None)?;
    let control = control().await?;
    let done = control.perform(&request, Instant::now() + PATIENCE).await;
    let execution = named(done.map_err(|why| show::plain(&why.to_string()))?, &request);
    let followed = Followed::new(control, request.flow_name(), request.execution_name(), shown.json);
    match shown.wait {
        Some(wait) => followed.until_the_end(wait, wanted).await,
        None => followed.done(&execution),
    }
}

/// A start or a stop in the handler's own words.
#[derive(Serialize)]
#[serde(tag = "action", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum Body<'a> {
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

/// Over the handlers' own settings of FnF; those of other things may be wrong here.
async fn control() -> Result<FlowControl, Box<dyn Error>> {
    let vars = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let settings = Settings::from_vars(vars.filter(|(name, _)| name.starts_with("FNF_")))?;
    if !settings.fnf.is_set() {
        return Err("neither FNF_REGION nor FNF_ENDPOINT is set: one of them says where FnF is".into());
    }
    Ok(FlowControl::from_settings(&settings).await?)
}

/// Made here and not by the service, so that a start whose answer is lost is found again.
fn fresh_name() -> Result<String, getrandom::Error> {
    Ok(format!("tb-{:016x}", getrandom::u64()?))
}

/// The service may leave out what whoever asked knows.
fn named(mut execution: Execution, request: &Request) -> Execution {
    execution.flow_name.get_or_insert_with(|| request.flow_name().to_owned());
    execution.name.get_or_insert_with(|| request.execution_name().to_owned());
    execution
}
