//! `taskback demo`: the real handler between the local services and messages of every kind.

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

pub(crate) async fn run() -> Ended {
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
    deliver(&taskback, &mut batch).await?;

    let style = table::Style::new(io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none());
    let mut rows = table::Rows::new(server.state(), &*ledger);
    rows.add("Direct events", &direct).await;
    rows.add("One SQS batch", &batch).await;
    let messages: Vec<_> = direct.into_iter().chain(batch).collect();
    let (right, verdict) = match verdict::of(server.state(), &messages) {
        Ok(verdict) => (true, verdict),
        Err(verdict) => (false, verdict),
    };
    let text = format!("{}\n{}\n", rows.render(&style), style.verdict(right, &verdict));
    io::stdout().write_all(text.as_bytes())?;
    Ok(if right { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Delivers the messages as one SQS batch; all stay kept but for those that the answer leaves out.
async fn deliver(taskback: &Taskback, batch: &mut [Message]) -> Result<(), Box<dyn Error>> {
    let event = to_raw_value(&messages::sqs_event(batch))?;
    if let Ok(answer) = taskback.handle(&event, TIMEOUT).await {
        let failures = answer["batchItemFailures"].as_array().map_or(&[] as &[Value], Vec::as_slice);
        for (place, message) in batch.iter_mut().enumerate() {
            message.kept = failures.iter().any(|f| f["itemIdentifier"] == messages::id(place).as_str());
        }
    }
    Ok(())
}
