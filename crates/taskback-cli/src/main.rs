//! The `taskback` command: a demo, local services, single events, flows, and the queue worker and poller.
#![allow(clippy::print_stderr, reason = "notes for people go to stderr; stdout holds the answer alone")]

mod dead_letters;
mod demo;
mod doctor;
mod environment;
mod exit;
mod file;
mod flow;
mod invoke;
mod ledger;
mod local;
mod local_vars;
mod notes;
mod poll;
mod progress;
mod records;
mod task;
mod work;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

/// Run the step, hand the task back: every workflow task gets exactly one outcome.
#[derive(Parser)]
#[command(
    name = "taskback",
    version,
    after_help = "\
`work` and `poll` log to stdout, as the handlers do. The other commands log nothing unless RUST_LOG is set, for
example RUST_LOG=info."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Args),
    Doctor(doctor::Args),
    Local(local::Args),
    Invoke(invoke::Args),
    Ledger(ledger::Args),
    Task(task::Args),
    DeadLetters(dead_letters::Args),
    Flow(flow::Args),
    Work(work::Args),
    Poll(poll::Args),
    /// Prints the completions of a shell, for example `taskback completions bash > /etc/bash_completion.d/taskback`.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    if !matches!(cli.command, Command::Work(_) | Command::Poll(_)) {
        start_log(&cli.command);
    }
    taskback::log::hide_panics();
    let result = match cli.command {
        Command::Demo(args) => demo::run(args).await,
        Command::Doctor(args) => doctor::run(&args),
        Command::Local(args) => local::run(args).await,
        Command::Invoke(args) => invoke::run(args).await,
        Command::Ledger(args) => ledger::run(args).await,
        Command::Task(args) => task::run(args).await,
        Command::DeadLetters(args) => dead_letters::run(args).await,
        Command::Flow(args) => flow::run(args).await,
        Command::Work(args) => work::run(args).await,
        Command::Poll(args) => poll::run(args).await,
        Command::Completions { shell } => {
            // Into memory first, for it panics where its writer fails, as a closed pipe does.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "taskback", &mut script);
            std::io::stdout().write_all(&script).map(|()| ExitCode::SUCCESS).map_err(Into::into)
        }
    };
    result.unwrap_or_else(|error| {
        eprintln!("taskback: {error}");
        ExitCode::from(2)
    })
}

/// Starts the handler's log, which filters tokens and all secrets, on stderr if RUST_LOG is set. Without it `invoke` says
/// in one line each what went wrong.
fn start_log(command: &Command) {
    // It cannot be rejected: this is the first subscriber of the process.
    if let Some(filter) = environment::text("RUST_LOG") {
        let _ = tracing::subscriber::set_global_default(taskback::log::subscriber(&filter, std::io::stderr));
    } else if matches!(command, Command::Invoke(_)) {
        let _ = tracing::subscriber::set_global_default(notes::Notes);
    }
}
