//! `taskback invoke`: handles one event like the deployed function.

mod arguments;
mod event;
mod function;
mod remote;
mod services;
mod settlements;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;
use taskback::{InvocationError, Response, TaskToken, Taskback};

pub(crate) use arguments::Args;

use crate::exit::CommandResult;
use crate::local::shutdown_signal;
use crate::progress::Progress;
use settlements::SettlementLog;
use taskback_core::printable;

pub(crate) async fn run(args: Args) -> CommandResult {
    let event = event::read(&args.event)?;
    let local = services::locate(&args).await?;
    if let Some(line) = &args.function {
        return function::run(&args, line, &event, &local).await;
    }
    let settings = services::settings(args.services, local.url())?;
    let builder = Taskback::builder().settings(&settings).step_from_settings(&settings)?;
    let builder = services::connect(builder, args.services, local.url(), &settings).await?;
    let log = SettlementLog::default();
    let taskback = builder.on_settlement(log.observer()).build()?;
    eprint!("{}", services::notes(args.services, &settings));
    let tokens = event::tokens(&event, &settings.message_format);
    if args.open {
        local.open(&tokens).await?;
    }
    // The processes of a step lead groups of their own, which a terminal's Ctrl-C does not reach.
    let interrupted = shutdown_signal()?;
    let progress = Progress::new(true, "handling the event");
    let handled = taskback.handle(&event, Duration::from_secs(args.timeout));
    let result = tokio::select! {
        result = progress.during("handling the event", handled) => result,
        () = interrupted => return Err("interrupted; the step was cancelled".into()),
    };
    drop(progress);
    eprint!("{}{}", local.report_lines(), log.closed_lines());
    match result {
        Ok(response) => print_response(&response, &log.reasons(), &tokens),
        Err(error) => print_error(&error),
    }
}

/// Prints the response that Lambda would get, byte for byte.
fn print_response(response: &Response, reasons: &[String], tokens: &[TaskToken]) -> CommandResult {
    let redelivered = response.batch_item_failures();
    if !redelivered.is_empty() {
        eprintln!("taskback: {}", redelivery_line(&redelivered, reasons, tokens));
    }
    writeln!(io::stdout(), "{}", response.json())?;
    Ok(ExitCode::SUCCESS)
}

fn print_error(error: &InvocationError) -> CommandResult {
    if let InvocationError::MessageNacked(reason) = error {
        eprintln!("taskback: the event will be redelivered: {reason}");
    }
    let response = json!({ "errorType": error.name(), "errorMessage": error.to_string() });
    writeln!(io::stdout(), "{response}")?;
    Ok(ExitCode::from(1))
}

/// Names each message with its reason. An id that the event repeats stands once in the response, so where the numbers
/// differ the reasons follow in the event's order.
fn redelivery_line(ids: &[String], reasons: &[String], tokens: &[TaskToken]) -> String {
    let id = |id: &String| tokens.iter().fold(printable(id, 100), |id, token| token.redact_line(&id, 100));
    let messages = if ids.len() == 1 { "1 message".to_owned() } else { format!("{} messages", ids.len()) };
    if ids.len() != reasons.len() {
        let ids: Vec<_> = ids.iter().map(id).collect();
        let (ids, reasons) = (ids.join(", "), reasons.join("; "));
        return format!("{messages} will be redelivered: {ids}: {reasons}");
    }
    let items: Vec<_> =
        ids.iter().zip(reasons).map(|(message, reason)| format!("{}: {reason}", id(message))).collect();
    format!("{messages} will be redelivered: {}", items.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(ids: &[&str], reasons: &[&str]) -> String {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        redelivery_line(&texts(ids), &texts(reasons), &[])
    }

    #[test]
    fn redelivered_messages_have_reasons() {
        assert_eq!(line(&["a"], &["not JSON"]), "1 message will be redelivered: a: not JSON");
        assert_eq!(line(&["a", "b"], &["x", "y"]), "2 messages will be redelivered: a: x; b: y");
        let expected = "1 message will be redelivered: a: x; y";
        assert_eq!(line(&["a"], &["x", "y"]), expected);
    }
}
