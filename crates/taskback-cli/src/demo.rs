//! `taskback demo`: the real handler with messages of every kind and local services.

mod crash;
mod delivery;
mod flows;
mod killed;
mod messages;
mod table;
mod triggers;
mod verdict;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;

use taskback::examples::verify_card;
use taskback::ledger::{Ledger, Memory};
use taskback::{Services, Taskback};
use taskback_local::{Config, Server};

use crate::environment;
use crate::exit::CommandResult;
use crate::ledger;

/// Runs tasks of every service through the real handler against local services that throttle reports and lose responses.
///
/// Then runs two FnF flows; one of them delegates its task to a third flow.
///
/// Exits with 0 if every task has exactly its expected outcome, otherwise with 1.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Also crashes a process, between decision and report and between report and receipt.
    #[arg(long)]
    faults: bool,
    /// Records leases and outcomes in this database, as TASKBACK_LEDGER names it, and makes its tables. Also kills a
    /// worker process after its outcomes are recorded: the next one reports them without running a step.
    #[arg(long, value_name = "STORE")]
    ledger: Option<String>,
    /// The worker process that is killed: it reports to the local services at this URL.
    #[arg(long, value_name = "URL", hide = true, requires = "ledger")]
    killed: Option<String>,
}

pub(crate) async fn run(args: Args) -> CommandResult {
    let database = match &args.ledger {
        Some(store) => Some(ledger::open(store).await?),
        None => None,
    };
    if let (Some(url), Some(database)) = (&args.killed, &database) {
        let ledger: Arc<dyn Ledger> = Arc::new(database.clone());
        return killed::run(url, &ledger).await;
    }
    eprintln!("taskback: running the example step verify-card");
    let server = Server::bind(Config::default()).await?;
    let ledger: Arc<dyn Ledger> = match database {
        Some(database) => {
            database.init().await?;
            Arc::new(database)
        }
        None => Arc::new(Memory::default()),
    };
    let builder = Taskback::builder().step(verify_card).services(Services::local(&server.url())?);
    // Fewer concurrent steps than messages, so that the throttled ones at the end of the batch run last.
    let reasons = delivery::Reasons::default();
    let builder = builder.ledger(ledger.clone()).concurrency(4).on_settlement(reasons.observer());
    let taskback = builder.build()?;

    let mut direct = messages::direct(server.state())?;
    let mut batch = messages::batch(server.state())?;
    for message in &mut direct {
        let event = message.body.clone();
        delivery::deliver(&taskback, &reasons, message, &event).await?;
    }
    let mut others = triggers::messages(server.state())?;
    triggers::deliver(&taskback, &reasons, &mut others).await?;
    delivery::deliver_batch(&taskback, &reasons, &mut batch, 1).await?;
    let flows = flows::run(&server, &ledger).await?;
    let mut crashed = Vec::new();
    let mut steps = 0;
    if let Some(store) = &args.ledger {
        crashed = messages::crash(server.state())?;
        steps = killed::deliver(&server.url(), store, &ledger, &mut crashed).await?;
    } else if args.faults {
        crashed = messages::crash(server.state())?;
        steps = crash::deliver(&server.url(), &ledger, &mut crashed).await?;
    }

    let style = table::Style::new(io::stdout().is_terminal() && !environment::is_set("NO_COLOR"));
    let mut rows = table::Rows::new(server.state(), &*ledger);
    rows.add("Direct events", &direct).await;
    rows.add("One event of each other trigger", &others).await;
    rows.add("One SQS batch", &batch).await;
    rows.add("FnF flows: one reported by the handler, one delegated to a third", &flows.messages).await;
    if !crashed.is_empty() {
        rows.add("One SQS batch, delivered again after a crash", &crashed).await;
    }
    let repeated_steps = steps.saturating_sub(crashed.len());
    let messages: Vec<_> =
        direct.into_iter().chain(others).chain(batch).chain(flows.messages).chain(crashed).collect();
    let verdict = verdict::judge(server.state(), &messages, &flows.executions, repeated_steps);
    let is_correct = verdict.is_ok();
    let (Ok(verdict) | Err(verdict)) = verdict;
    let executions = flows::render(&flows.executions, &style);
    let text = format!("{}\n{executions}\n{}\n", rows.render(&style), style.verdict(is_correct, &verdict));
    io::stdout().write_all(text.as_bytes())?;
    Ok(if is_correct { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
