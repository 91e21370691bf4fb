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

/// Hands the event to the function and prints its answer as it is.
pub(super) async fn run(
    args: &Args,
    line: &CommandLine,
    event: &RawValue,
    local: &LocalServices,
) -> CommandResult {
    let vars = match args.services {
        ReportTo::Local => local_vars(local.url()),
        ReportTo::Environment => Vec::new(),
    };
    if args.open {
        local.open(&event::tokens(event, &message_format(&vars)?)).await?;
    }
    // It leads a process group of its own, which a terminal's Ctrl-C does not reach.
    let interrupted = shutdown_signal()?;
    let function = FunctionProcess::start(line, vars)?;
    let answer = tokio::select! {
        answer = function.invoke(event, Duration::from_secs(args.timeout)) => answer?,
        () = interrupted => return Err("interrupted; the function was killed".into()),
    };
    eprint!("{}", local.report_lines());
    let (text, code) = match answer {
        FunctionAnswer::Responded(text) => (text, ExitCode::SUCCESS),
        FunctionAnswer::Failed(text) => (text, ExitCode::from(1)),
        other => return Err(format!("unexpected answer: {other:?}").into()),
    };
    writeln!(io::stdout(), "{text}")?;
    Ok(code)
}

/// The variables by which a function's outcomes reach the local services and nothing else: no key of this machine, and
/// no table or queue of an account.
fn local_vars(url: &str) -> Vec<(OsString, OsString)> {
    let mut vars = vec![
        ("FNF_ENDPOINT", url),
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET),
        ("ALIBABA_CLOUD_SECURITY_TOKEN", ""),
        ("FNF_SECRET_ID", ""),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", ""),
        ("AWS_ENDPOINT_URL", url),
        ("AWS_ENDPOINT_URL_SWF", url),
        ("AWS_ENDPOINT_URL_SQS", url),
        ("AWS_ACCESS_KEY_ID", KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_SESSION_TOKEN", ""),
        ("AWS_PROFILE", ""),
        ("AWS_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("TASKBACK_LEDGER", "memory"),
    ];
    if !environment::is_set("TASKBACK_SERVICE") {
        vars.push(("TASKBACK_SERVICE", "fnf"));
    }
    // The endpoint of one service comes before that of all, which is set below.
    let endpoints = environment::vars_with_prefix(&["AWS_ENDPOINT_URL_"]);
    let cleared = endpoints.map(|(name, _)| (name, OsString::new()));
    cleared.chain(vars.into_iter().map(|(name, value)| (name.into(), value.into()))).collect()
}

/// The keys of the local services, which are no secret.
const KEY: &str = "taskback-local";
const SECRET: &str = "taskback-local-secret";

/// The format of messages as the function reads it.
fn message_format(vars: &[(OsString, OsString)]) -> Result<MessageFormat, taskback::SettingsError> {
    Ok(Settings::from_os_vars(environment::vars().chain(vars.iter().cloned()))?.message_format)
}
