//! `taskback invoke`: one event, handled as the deployed function would.

mod event;
mod remote;
mod services;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::ValueEnum;
use serde_json::{Value, json};
use taskback::{InvocationError, Taskback};

use crate::Ended;

/// Handles one event as the deployed function would and prints its answer.
///
/// Settings come from the environment. At local services TASKBACK_SERVICE is fnf unless it is set.
#[derive(clap::Args)]
#[command(after_help = "\
Exit codes:
  0  the function answered; messages that it kept are listed in the answer and counted on stderr
  1  the invocation failed, and its answer says why: {\"errorType\":…,\"errorMessage\":…}
  2  the event was not handled: a wrong argument, file or setting, or services out of reach")]
pub(crate) struct Args {
    /// The event: a file of JSON, at most 6 MB; - is standard input.
    #[arg(short, long, value_name = "FILE")]
    event: PathBuf,
    /// First opens every token of the event at the local services. Where --local is not given and nothing
    /// listens there, local services are started for this one event, and what they saw goes to stderr.
    #[arg(long)]
    open: bool,
    /// The local services, on loopback [default: http://127.0.0.1:9450].
    #[arg(long, value_name = "URL", value_parser = remote::loopback)]
    local: Option<String>,
    /// Which services are told the outcomes.
    #[arg(long, value_enum, default_value_t = Told::Local)]
    services: Told,
    /// The invocation's time in seconds, 1 to 900.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=900))]
    timeout: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Told {
    /// The local services, with their keys
    Local,
    /// Those that the environment names: the real ones
    Environment,
}

pub(crate) async fn run(args: Args) -> Ended {
    let event = event::read(&args.event)?;
    let local = services::find(&args).await?;
    let settings = services::settings(args.services, local.url())?;
    let services = services::clients(args.services, local.url(), &settings).await?;
    let taskback = Taskback::builder().settings(&settings).step_of(&settings)?.services(services).build()?;
    if args.open {
        local.open(event::tokens(&event, &settings.reading)).await?;
    }
    let answer = taskback.handle(&event, Duration::from_secs(args.timeout)).await;
    eprint!("{}", local.seen());
    tell(answer)
}

/// Prints what Lambda would answer.
fn tell(answer: Result<Value, InvocationError>) -> Ended {
    let (answer, code) = match answer {
        Ok(answer) => (answer, ExitCode::SUCCESS),
        Err(error) => {
            if matches!(error, InvocationError::Kept(_)) {
                eprintln!("taskback: kept, to come back (RUST_LOG=warn tells why)");
            }
            let told = json!({ "errorType": error.name(), "errorMessage": error.to_string() });
            (told, ExitCode::from(1))
        }
    };
    let kept = answer["batchItemFailures"].as_array().map_or(0, Vec::len);
    if kept > 0 {
        eprintln!("taskback: kept, to come back: {kept} (RUST_LOG=warn tells why)");
    }
    writeln!(io::stdout(), "{answer}")?;
    Ok(code)
}
