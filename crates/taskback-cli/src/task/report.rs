//! `taskback task report`: an outcome by hand, as any owner reports it.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Subcommand;
use serde_json::value::RawValue;
use taskback::ledger::{LedgerRecords, State, TaskRecord};
use taskback::{Clients, Outcome, Output, Service, Taskback};

use super::token;
use super::verdict::Verdict;
use crate::exit::CommandResult;
use crate::file::read_text;
use crate::records::LedgerArgs;

/// Reports the outcome of a task by hand. The task token is read from standard input and never taken as an argument.
///
/// The command claims the task in the workers' ledger, records the outcome and reports it, like a worker. So it takes over
/// no task that a worker runs, and an outcome that is recorded already is reported in place of the given one.
///
/// It needs the permissions of a worker to report, dynamodb:GetItem and dynamodb:UpdateItem on the table of the ledger, or
/// SELECT, INSERT and UPDATE on taskback_ledger.
#[derive(clap::Args)]
#[command(after_help = "\
Exit codes:
  0  the task has this outcome, and there is a receipt
  1  the task has another outcome, or another party closed it
  2  nothing was reported: invalid argument, token or setting, or ledger or service cannot be used
  3  there is no receipt yet: a worker holds the task, the step handed it to another party, or the service did not
     confirm; stdout says which")]
pub(super) struct Args {
    /// The service that gave out the token.
    #[arg(long, value_parser = token::parse_service)]
    service: Service,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Time for all of it, 5 to 300.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(5..=300))]
    timeout: u64,
    /// Prints one JSON object.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    outcome: OutcomeArgs,
}

#[derive(Subcommand)]
enum OutcomeArgs {
    /// The step did its work.
    Succeed(OutputArgs),
    /// The step failed for good.
    Fail {
        /// The name of the error, for the workflow.
        #[arg(long, value_name = "NAME")]
        error: String,
        /// A text for people.
        #[arg(long, value_name = "TEXT", default_value = "")]
        cause: String,
    },
    /// The step was stopped because the workflow asked for it.
    Cancel {
        /// A text for people.
        #[arg(long, value_name = "TEXT", default_value = "")]
        details: String,
    },
    /// The outcome that the ledger holds; nothing where it holds none.
    Recorded,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct OutputArgs {
    /// The output, JSON. Other users of this machine can see the command line.
    #[arg(long, value_name = "JSON")]
    output: Option<String>,
    /// File with the output, JSON of at most 4 MiB.
    #[arg(long, value_name = "FILE")]
    output_file: Option<PathBuf>,
}

/// More than any service or ledger takes.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

pub(super) async fn run(args: Args) -> CommandResult {
    let given = args.outcome.read()?;
    let token = token::read(args.service)?;
    let key = token.fingerprint();
    let mut settings = args.ledger.settings()?;
    settings.message_format.service = Some(args.service);
    let clients = Clients::connect(&settings).await;
    let records = taskback::ledger::open_records(&clients)?;
    let before = records.read(&key).await?;
    let taskback = taskback(&settings, &clients, &records).await?;
    let outcome = match given {
        Some(outcome) => taskback.as_recorded(&token, outcome).ok_or_else(|| {
            format!("the output exceeds what {} or the ledger takes; nothing was reported", args.service)
        })?,
        None => match recorded(before.as_ref()) {
            Some(outcome) => outcome,
            None => return Verdict::not_recorded(key, before.as_ref()).print(args.json),
        },
    };
    let time = Duration::from_secs(args.timeout);
    let report = taskback.report_by_hand(token, outcome.clone(), time).await;
    // For the owner's name and for what is recorded now: a read that fails takes nothing from the report.
    let after = records.read(&key).await.ok().flatten();
    Verdict::new(key, &outcome, &report, after.as_ref())?.print(args.json)
}

/// A handler with the workers' ledger and services. It runs no step.
async fn taskback(
    settings: &taskback::Settings,
    clients: &Clients,
    records: &std::sync::Arc<dyn LedgerRecords>,
) -> Result<Taskback, taskback::Error> {
    let builder = Taskback::builder().settings(settings).dead_letters().ledger(records.clone());
    builder.connect(clients).await?.without_queue().build()
}

/// The outcome that the ledger holds and the service has not confirmed.
fn recorded(task: Option<&TaskRecord>) -> Option<Outcome> {
    match &task?.record.state {
        State::Decided(decided) => Some(decided.outcome.clone()),
        State::Absent | State::Running { .. } | State::Reported { .. } => None,
    }
}

impl OutcomeArgs {
    /// The outcome; `None` = the recorded one.
    fn read(&self) -> Result<Option<Outcome>, Box<dyn Error>> {
        Ok(Some(match self {
            Self::Succeed(output) => Outcome::Succeeded(Output::from_raw(output.read()?)),
            Self::Fail { error, .. } if error.is_empty() => return Err("--error: expected a name".into()),
            Self::Fail { error, cause } => Outcome::failed(error, cause),
            Self::Cancel { details } => Outcome::Canceled { details: details.clone() },
            Self::Recorded => return Ok(None),
        }))
    }
}

impl OutputArgs {
    /// The JSON text, unchanged.
    fn read(&self) -> Result<Box<RawValue>, Box<dyn Error>> {
        let text = match (&self.output, &self.output_file) {
            (_, Some(path)) if path == Path::new("-") => {
                return Err("--output-file: expected a file: standard input has the task token".into());
            }
            (_, Some(path)) => {
                read_text(path, MAX_BYTES).map_err(|error| format!("--output-file: {error}"))?
            }
            (text, None) => text.clone().unwrap_or_default(),
        };
        Ok(serde_json::from_str(&text).map_err(|error| format!("the output is not valid JSON: {error}"))?)
    }
}
