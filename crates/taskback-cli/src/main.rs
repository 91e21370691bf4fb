//! The `taskback` command, for people: see the task's whole way, run local services, try an event.
#![allow(clippy::print_stderr, reason = "notes for people go to stderr; stdout holds the answer alone")]

mod demo;
mod doctor;
mod flow;
mod invoke;
mod local;
mod poll;
mod work;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Run the step, hand the task back: every task of a workflow gets exactly one outcome.
#[derive(Parser)]
#[command(
    name = "taskback",
    version,
    after_help = "\
work and poll log to stdout, as the handlers do; all else logs nothing unless RUST_LOG says so, as in
RUST_LOG=info."
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
    Start(flow::StartArgs),
    Stop(flow::StopArgs),
    Describe(flow::DescribeArgs),
    Work(work::Args),
    Poll(poll::Args),
}

/// How a command ends: an exit code of its own, or an error, whose exit code is 2.
type Ended = Result<ExitCode, Box<dyn Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    if !matches!(cli.command, Command::Work(_) | Command::Poll(_)) {
        log();
    }
    taskback::log::hide_panics();
    let ended = match cli.command {
        Command::Demo(args) => demo::run(args).await,
        Command::Doctor(args) => doctor::run(&args),
        Command::Local(args) => local::run(args).await,
        Command::Invoke(args) => invoke::run(args).await,
        Command::Start(args) => flow::start(args).await,
        Command::Stop(args) => flow::stop(args).await,
        Command::Describe(args) => flow::describe(args).await,
        Command::Work(args) => work::run(args).await,
        Command::Poll(args) => poll::run(args).await,
    };
    ended.unwrap_or_else(|error| {
        eprintln!("taskback: {error}");
        ExitCode::from(2)
    })
}

/// The handler's log, tokens and all secrets kept out of it, on stderr and only where asked for.
fn log() {
    if let Some(filter) = std::env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty()) {
        // The first subscriber of this process: it cannot be refused.
        drop(tracing::subscriber::set_global_default(taskback::log::subscriber(&filter, std::io::stderr)));
    }
}
