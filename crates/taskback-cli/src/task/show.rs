//! `taskback task show`: the ledger's record in words.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use serde_json::json;
use taskback::ledger::{FoundRecords, LedgerRecords, RecordQuery};
use taskback::{Fingerprint, Service};

use super::{token, words};
use crate::exit::CommandResult;
use crate::records::LedgerArgs;

/// Shows what the ledger knows of a task, what that means, and what to do next. It only reads.
///
/// It needs dynamodb:GetItem on the table of the ledger, or SELECT on taskback_ledger; for a search by the start of a
/// fingerprint or by an id dynamodb:Scan, which reads the whole table.
#[derive(clap::Args)]
#[command(after_help = "\
Exit codes:
  0  the task is shown
  1  the ledger has no record of it
  2  it could not be looked up: invalid argument or setting, or the ledger is unavailable")]
pub(super) struct Args {
    /// A fingerprint of 64 digits, its first 8 digits or more as the log has them, an id of the workflow, or - for a task
    /// token on standard input.
    #[arg(value_name = "FINGERPRINT|ID|-")]
    task: String,
    /// The service of the token on standard input.
    #[arg(long, value_parser = token::parse_service, required_if_eq("task", "-"))]
    service: Option<Service>,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> CommandResult {
    let key = match (&*args.task, args.service) {
        ("-", Some(service)) => Some(token::read(service)?.fingerprint()),
        (text, _) => Fingerprint::from_hex(text),
    };
    let records = args.ledger.open().await?;
    let found = match key {
        Some(key) => {
            let mut found = FoundRecords::default();
            found.records.extend(records.read(&key).await?);
            found
        }
        None => search(&*records, &args.task).await?,
    };
    let mut out = std::io::stdout().lock();
    if args.json {
        let tasks: Vec<_> = found.records.iter().map(words::json).collect();
        writeln!(out, "{}", json!({ "tasks": tasks, "partial": found.is_partial }))?;
    } else {
        for task in &found.records {
            write!(out, "{}", words::lines(task))?;
        }
        if found.is_partial {
            writeln!(out, "The search ended early: there may be more tasks.")?;
        }
        if found.records.is_empty() {
            // The argument is not repeated: it may be a token by mistake.
            writeln!(out, "{NO_RECORD}")?;
        }
    }
    Ok(if found.records.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// Finds tasks by the start of a fingerprint, or else by an id of the workflow.
async fn search(records: &dyn LedgerRecords, text: &str) -> Result<FoundRecords, Box<dyn Error>> {
    let query = RecordQuery::parse(text)?;
    let found = records.search(&query).await?;
    if matches!(query, RecordQuery::WorkflowId(_)) || !found.records.is_empty() {
        return Ok(found);
    }
    Ok(records.search(&RecordQuery::WorkflowId(text.to_owned())).await?)
}

pub(super) const NO_RECORD: &str = "\
The ledger has no record of the task: no worker claimed it yet, its record expired 35 days after its last transition,
or this is not the workers' ledger. Look for its message: `taskback dead-letters list`.";
