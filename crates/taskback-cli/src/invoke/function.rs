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

/// Hands the event to the function and prints its answer, byte for byte.
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
    let function = FunctionProcess::start(line, vars)?;
    let answer = function.invoke(event, Duration::from_secs(args.timeout)).await?;
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
        ("FNF_SECRET_ID", ""),
        ("AWS_ENDPOINT_URL", url),
        ("AWS_ENDPOINT_URL_SWF", url),
        ("AWS_ENDPOINT_URL_LAMBDA", url),
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
    vars.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}

/// The keys of the local services, which are no secret.
const KEY: &str = "taskback-local";
const SECRET: &str = "taskback-local-secret";

/// The format of messages as the function reads it.
fn message_format(vars: &[(OsString, OsString)]) -> Result<MessageFormat, taskback::SettingsError> {
    Ok(Settings::from_os_vars(environment::vars().chain(vars.iter().cloned()))?.message_format)
}
