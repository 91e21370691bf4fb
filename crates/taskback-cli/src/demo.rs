//! `taskback demo`: the real handler between the local services and messages of every kind.

mod doors;
mod flows;
mod killed;
mod messages;
mod table;
mod verdict;

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use serde_json::value::to_raw_value;
use taskback::ledger::Memory;
use taskback::{Services, Taskback, verify_card};
use taskback_local::{Config, Server};

use crate::Ended;
use messages::Message;

/// The time of one invocation.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Shows tasks of FnF and SWF on their way through the real handler, at local services: reports are
/// throttled and answers lost.
///
/// Then two flows of FnF run to their ends; one of them hands its task to a third.
///
/// Exits with 0 where every task ended with exactly the outcome it should, else with 1.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Kills a process as well: between decision and report, and between report and receipt.
    #[arg(long)]
    faults: bool,
}

pub(crate) async fn run(args: Args) -> Ended {
    let server = Server::bind(Config::default()).await?;
    let ledger = Arc::new(Memory::default());
    let builder = Taskback::builder().step(verify_card).services(Services::local(&server.url())?);
    // Fewer at once than there are messages, so that the throttled ones at the batch's end are the last.
    let taskback = builder.ledger(ledger.clone()).concurrency(4).build()?;

    let mut direct = messages::direct(server.state())?;
    let mut batch = messages::batch(server.state())?;
    for message in &mut direct {
        message.kept = taskback.handle(&to_raw_value(&message.body)?, TIMEOUT).await.is_err();
    }
    let mut others = doors::messages(server.state())?;
    doors::deliver(&taskback, &mut others).await?;
    deliver(&taskback, &mut batch, 1).await?;
    let flows = flows::run(&server, &ledger).await?;
    let mut killed = Vec::new();
    let mut ran = 0;
    if args.faults {
        killed = messages::killed(server.state())?;
        ran = killed::deliver(&server.url(), &ledger, &mut killed).await?;
    }

    let style = table::Style::new(io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none());
    let mut rows = table::Rows::new(server.state(), &*ledger);
    rows.add("Direct events", &direct).await;
    rows.add("One event of each other trigger", &others).await;
    rows.add("One SQS batch", &batch).await;
    rows.add("Flows of FnF: a whole one, and one whose task is handed to another", &flows.messages).await;
    if args.faults {
        rows.add("One SQS batch, its process killed, and delivered again", &killed).await;
    }
    let again = ran.saturating_sub(killed.len());
    let messages: Vec<_> =
        direct.into_iter().chain(others).chain(batch).chain(flows.messages).chain(killed).collect();
    let (right, verdict) = match verdict::of(server.state(), &messages, &flows.ended, again) {
        Ok(verdict) => (true, verdict),
        Err(verdict) => (false, verdict),
    };
    let ended = flows::render(&flows.ended, &style);
    let text = format!("{}\n{ended}\n{}\n", rows.render(&style), style.verdict(right, &verdict));
    io::stdout().write_all(text.as_bytes())?;
    Ok(if right { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Delivers the messages as one SQS batch; all stay kept but for those that the answer leaves out.
async fn deliver(taskback: &Taskback, batch: &mut [Message], delivery: u32) -> Result<(), Box<dyn Error>> {
    let event = to_raw_value(&messages::sqs_event(batch, delivery))?;
    if let Ok(answer) = taskback.handle(&event, TIMEOUT).await {
        let failures = answer["batchItemFailures"].as_array().map_or(&[] as &[Value], Vec::as_slice);
        for (place, message) in batch.iter_mut().enumerate() {
            message.kept = failures.iter().any(|f| f["itemIdentifier"] == messages::id(place).as_str());
        }
    }
    Ok(())
}
