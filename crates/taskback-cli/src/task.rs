//! `taskback task show|report|release`: one task, as the ledger has it.

mod release;
mod report;
mod show;
mod token;
mod verdict;
mod words;

use clap::Subcommand;

use crate::exit::CommandResult;

/// Shows one task as the ledger has it, reports its outcome by hand, or frees it from a dead owner.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: TaskCommand,
}

#[derive(Subcommand)]
enum TaskCommand {
    Show(show::Args),
    Report(report::Args),
    Release(release::Args),
}

pub(crate) async fn run(args: Args) -> CommandResult {
    match args.command {
        TaskCommand::Show(args) => show::run(args).await,
        TaskCommand::Report(args) => report::run(args).await,
        TaskCommand::Release(args) => release::run(args).await,
    }
}
