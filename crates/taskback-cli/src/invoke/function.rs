//! A function's own executable instead of the shipped worker.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::value::RawValue;
use taskback::{CommandLine, FunctionAnswer, FunctionProcess, MessageFormat, Settings};

use super::arguments::{Args, ReportTo};
use super::event;
use super::services::LocalServices;
use crate::environment;
use crate::exit::CommandResult;
use crate::local::shutdown_signal;
use crate::local_vars::{Keys, function_vars};
use crate::progress::Progress;

const WAITS: &str = "waiting for the function to start and to answer";

/// Hands the event to the function and prints its answer as it is.
pub(super) async fn run(
    args: &Args,
    line: &CommandLine,
    event: &RawValue,
    local: &LocalServices,
) -> CommandResult {
    let vars = match args.services {
        ReportTo::Local => function_vars(&Keys::default(), local.url()),
        ReportTo::Environment => Vec::new(),
    };
    if args.open {
        local.open(&event::tokens(event, &message_format(&vars)?)).await?;
    }
    // It leads a process group of its own, which a terminal's Ctrl-C does not reach.
    let interrupted = shutdown_signal()?;
    let mut function = FunctionProcess::start(line, vars)?;
    let progress = Progress::new(true, WAITS);
    let invoked = function.invoke(event, Duration::from_secs(args.timeout));
    let answer = tokio::select! {
        answer = progress.during(WAITS, invoked) => answer?,
        () = interrupted => return Err("interrupted; the function was killed".into()),
    };
    drop(progress);
    eprint!("{}", local.report_lines());
    let (text, code) = match answer {
        FunctionAnswer::Responded(text) => (text, ExitCode::SUCCESS),
        FunctionAnswer::Failed(text) => (text, ExitCode::from(1)),
        other => return Err(format!("unexpected answer: {other:?}").into()),
    };
    writeln!(io::stdout(), "{text}")?;
    Ok(code)
}

/// The format of messages as the function reads it.
fn message_format(vars: &[(OsString, OsString)]) -> Result<MessageFormat, taskback::SettingsError> {
    Ok(Settings::from_os_vars(environment::vars().chain(vars.iter().cloned()))?.message_format)
}
