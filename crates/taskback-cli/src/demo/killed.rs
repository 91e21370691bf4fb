//! A worker process that is killed by SIGKILL in the middle of its batch. Only the ledger outlives it.

use std::error::Error;
use std::io::Write;
use std::process::{ExitCode, Stdio};
use std::sync::Arc;

use serde_json::value::{RawValue, to_raw_value};
use taskback::ledger::Ledger;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use super::crash::{run_until_crash, succeed};
use super::messages::{self, Message};
use crate::exit::CommandResult;

/// Delivers the batch to a worker process, kills it once every task is at its fatal report, and delivers it again to
/// this one. Returns the number of steps that ran in both.
pub(super) async fn deliver(
    url: &str,
    store: &str,
    ledger: &Arc<dyn Ledger>,
    batch: &mut [Message],
) -> Result<usize, Box<dyn Error>> {
    let mut worker = Command::new(std::env::current_exe()?)
        .args(["demo", "--ledger", store, "--killed", url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (Some(mut stdin), Some(stdout)) = (worker.stdin.take(), worker.stdout.take()) else {
        return Err("the worker process has no pipes".into());
    };
    let event = to_raw_value(&messages::sqs_event(batch, 1))?;
    stdin.write_all(format!("{} {}\n", batch.len(), event.get()).as_bytes()).await?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).await?;
    let steps: usize = line.trim().parse().map_err(|_| "the worker process ended before its reports")?;
    let process = worker.id().unwrap_or_default();
    worker.kill().await?;
    eprintln!(
        "taskback: killed worker process {process} after it ran {steps} steps and recorded their outcomes"
    );
    let repeated = succeed(url, ledger, batch).await?;
    eprintln!("taskback: its successor reported {} outcomes and ran {repeated} steps", batch.len());
    Ok(steps + repeated)
}

/// The worker process: it reads the event, prints the number of its steps once every task is at its fatal report, and
/// waits for its end.
pub(super) async fn run(url: &str, ledger: &Arc<dyn Ledger>) -> CommandResult {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let (tasks, event) = line.trim().split_once(' ').ok_or("--killed is for the demo itself")?;
    let event = RawValue::from_string(event.to_owned())?;
    let steps = run_until_crash(url, ledger, &event, tasks.parse()?).await?;
    writeln!(std::io::stdout(), "{steps}")?;
    std::future::pending::<()>().await;
    Ok(ExitCode::SUCCESS)
}
