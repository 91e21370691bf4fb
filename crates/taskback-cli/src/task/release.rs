//! `taskback task release`: a task whose owner is dead.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;
use taskback::Fingerprint;
use taskback::ledger::{LedgerRecords, RecordQuery, TaskRecord, WriteResult};

use super::{show, words};
use crate::exit::CommandResult;
use crate::records::LedgerArgs;

/// Ends the lease of a task whose owner is known to be dead, so that another worker need not wait for its end.
///
/// The epoch of the task is raised: an owner that lives after all can neither renew its lease nor record an outcome, and
/// its step is cancelled at the next renewal. What that step does until then is done twice.
///
/// It needs the permissions of `task show`, and dynamodb:UpdateItem or UPDATE.
#[derive(clap::Args)]
#[command(after_help = "\
Exit codes:
  0  the lease was ended
  1  nothing was changed: no worker holds the task, or it changed meanwhile
  2  nothing was changed: --owner-is-dead is missing, an argument is invalid, or the ledger is unavailable")]
pub(super) struct Args {
    /// A fingerprint of 64 digits, or its first 8 digits or more.
    #[arg(value_name = "FINGERPRINT")]
    task: String,
    /// Confirms that the owner's process has ended.
    #[arg(long)]
    owner_is_dead: bool,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> CommandResult {
    let records = args.ledger.open().await?;
    let mut found = match Fingerprint::from_hex(&args.task) {
        Some(key) => records.read(&key).await?.into_iter().collect(),
        None => search(&*records, &args.task).await?,
    };
    let task = match (found.pop(), found.is_empty()) {
        (Some(task), true) => task,
        (None, _) => return answer(args.json, None, false, show::NO_RECORD),
        _ => return Err("several tasks match; give all 64 digits of the fingerprint".into()),
    };
    match task.lease_left() {
        Some(left) if left > Duration::ZERO => {}
        Some(_) => {
            return answer(
                args.json,
                Some(&task),
                false,
                "Its lease is over: any worker may claim the task.",
            );
        }
        None => return answer(args.json, Some(&task), false, "No worker holds the task."),
    }
    if !args.owner_is_dead {
        return Err(format!(
            "a worker holds the task, and its lease ends in {}: if its process has ended, confirm that with --owner-is-dead; nothing was changed",
            words::seconds(task.lease_left().unwrap_or_default())
        )
        .into());
    }
    match records.revoke(&task.fingerprint, task.record.epoch).await? {
        WriteResult::Applied => answer(
            args.json,
            Some(&task),
            true,
            "The lease is ended, and its owner is fenced. The next delivery of its message runs the step.",
        ),
        WriteResult::Superseded => {
            answer(args.json, Some(&task), false, "The task changed meanwhile; look at it again.")
        }
    }
}

/// Finds tasks by the start of a fingerprint only: an id of the workflow may be that of many tasks. The text is not
/// repeated, for it may be a token by mistake.
async fn search(records: &dyn LedgerRecords, text: &str) -> Result<Vec<TaskRecord>, Box<dyn Error>> {
    let query = RecordQuery::parse(text).ok();
    let Some(query @ RecordQuery::FingerprintStart(_)) = query else {
        return Err(
            "FINGERPRINT: expected 64 digits, or the first 8 or more, as `taskback task show` has them"
                .into(),
        );
    };
    let found = records.search(&query).await?;
    if found.is_partial {
        return Err("the search ended early; give all 64 digits of the fingerprint".into());
    }
    Ok(found.records)
}

fn answer(as_json: bool, task: Option<&TaskRecord>, is_released: bool, text: &str) -> CommandResult {
    let mut out = std::io::stdout().lock();
    if as_json {
        let fingerprint = task.map(|task| task.fingerprint.to_string());
        let object = json!({ "fingerprint": fingerprint, "released": is_released, "text": text });
        writeln!(out, "{object}")?;
    } else {
        if let Some(task) = task {
            writeln!(out, "task {}", task.fingerprint)?;
        }
        writeln!(out, "{text}")?;
    }
    Ok(if is_released { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
