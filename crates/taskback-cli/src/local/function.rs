//! A function that runs here, as one of two hosts would run it.

use std::ffi::OsString;

use clap::ValueEnum;
use serde::Deserialize;
use serde_json::value::RawValue;
use taskback::{CommandLine, FunctionAnswer, FunctionProcess};

use super::custom_runtime::{CustomRuntime, TIMEOUT};

/// The host that a function expects.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Host {
    /// AWS Lambda: the function asks a Runtime API for events
    Lambda,
    /// Function Compute: the function is an HTTP server
    Fc,
}

/// A function, started with its first event and again after it has ended.
pub(super) struct Function {
    host: Host,
    line: CommandLine,
    vars: Vec<(OsString, OsString)>,
    running: Option<Running>,
}

enum Running {
    Process(FunctionProcess),
    Server(Box<CustomRuntime>),
}

impl Function {
    pub(super) fn new(host: Host, line: CommandLine, vars: Vec<(OsString, OsString)>) -> Self {
        Self { host, line, vars, running: None }
    }

    /// Hands it an event; the error is the reason for which the event should be delivered again.
    pub(super) async fn invoke(&mut self, event: &RawValue) -> Result<(), String> {
        let mut running = match self.running.take() {
            Some(running) => running,
            None => self.start().await?,
        };
        let answer = match &mut running {
            Running::Process(process) => {
                process.invoke(event, TIMEOUT).await.map_err(|error| error.to_string())
            }
            Running::Server(server) => server.invoke(event).await,
        };
        // One that did not answer is killed, and the next event starts another one.
        let answer = answer?;
        self.running = Some(running);
        match answer {
            FunctionAnswer::Responded(text) => settled(&text),
            FunctionAnswer::Failed(text) => Err(text),
            other => Err(format!("unexpected answer: {other:?}")),
        }
    }

    async fn start(&self) -> Result<Running, String> {
        let vars = self.vars.iter().cloned();
        match self.host {
            Host::Lambda => {
                let process = FunctionProcess::start(&self.line, vars).map_err(|error| error.to_string())?;
                Ok(Running::Process(process))
            }
            Host::Fc => Ok(Running::Server(Box::new(CustomRuntime::start(&self.line, vars).await?))),
        }
    }
}

/// A response that names messages has not acknowledged them.
fn settled(response: &str) -> Result<(), String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Partial {
        batch_item_failures: Vec<serde::de::IgnoredAny>,
    }
    match serde_json::from_str::<Partial>(response) {
        Ok(Partial { batch_item_failures }) if !batch_item_failures.is_empty() => {
            Err("the response names the message in batchItemFailures".to_owned())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_with_failures_is_not_settled() {
        assert!(settled(r#"{"batchItemFailures":[{"itemIdentifier":"m"}]}"#).is_err());
        for response in [r#"{"batchItemFailures":[]}"#, "null", "", r#"{"receipt":"recorded"}"#] {
            assert!(settled(response).is_ok(), "{response}");
        }
    }
}
