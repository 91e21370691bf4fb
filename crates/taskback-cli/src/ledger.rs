//! `taskback ledger`: the tables of a ledger in a database.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use clap::Subcommand;
use taskback::ledger::{Finding, SqlLedger};
use taskback::{Clients, Settings};

use crate::exit::CommandResult;
use crate::progress::Progress;

/// Makes, checks and cleans the tables of a ledger in PostgreSQL, MySQL, MariaDB or SQLite.
///
/// A ledger in DynamoDB needs none of it: the template makes its table, and its time to live deletes expired items.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// The ledger.
    #[arg(
        long = "ledger",
        value_name = "STORE",
        env = "TASKBACK_LEDGER",
        hide_env_values = true,
        global = true
    )]
    store: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Prints the statements that make the tables.
    Init {
        /// Runs them. Tables that exist stay as they are; those of a newer version are refused.
        #[arg(long)]
        apply: bool,
    },
    /// Checks tables, permissions, clock, and the settings of the database with which decisions are lost.
    ///
    /// Exits with 1 if there is a problem.
    Check,
    /// Deletes the rows of tasks that expired, 35 days after their last transition, in batches of 1000.
    Sweep,
}

pub(crate) async fn run(args: Args) -> CommandResult {
    let store = args.store.filter(|store| !store.is_empty());
    let store = store.ok_or("TASKBACK_LEDGER is not set, and there is no --ledger")?;
    let ledger = open(&store).await?;
    match args.command {
        Command::Init { apply: false } => print(&ledger.schema()),
        Command::Init { apply: true } => {
            ledger.init().await?;
            print("The tables are there.\n")
        }
        Command::Check => {
            let findings = ledger.examine().await;
            print(&findings.iter().map(|finding| format!("{finding}\n")).collect::<String>())?;
            let has_problem = findings.iter().any(|finding| matches!(finding, Finding::Problem(_)));
            Ok(if has_problem { ExitCode::from(1) } else { ExitCode::SUCCESS })
        }
        Command::Sweep => {
            let (mut deleted, progress) = (0, Progress::new(true, "looking for expired rows"));
            loop {
                match progress.during(&format!("{deleted} expired rows deleted"), ledger.sweep()).await? {
                    0 => break,
                    rows => deleted += rows,
                }
            }
            drop(progress);
            print(&format!("{deleted} expired rows deleted\n"))
        }
    }
}

/// The ledger of a value of TASKBACK_LEDGER. An error never shows a value that may hold a password.
pub(crate) async fn open(store: &str) -> Result<SqlLedger, Box<dyn Error>> {
    let settings = Settings::from_vars([("TASKBACK_LEDGER".to_owned(), store.to_owned())])?;
    // AWS is asked for nothing unless it keeps the password.
    let clients = match settings.ledger.needs_aws() {
        true => Clients::connect(&settings).await,
        false => Clients::without_aws(&settings),
    };
    let ledger = SqlLedger::open(&clients);
    ledger.ok_or_else(|| "TASKBACK_LEDGER or --ledger: expected a database, such as sqlite:PATH; memory and DynamoDB have no tables to make or sweep".into())
}

fn print(text: &str) -> CommandResult {
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
