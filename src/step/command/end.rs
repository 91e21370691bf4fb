//! From the end of a command to the result of its task.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use serde::Deserialize;
use taskback_core::Fingerprint;

use crate::step::contract::{StepError, StepOutput};
use crate::step::external::{OUTPUT_BYTES, Written, too_large};
use crate::step::terminal_errors::TerminalErrors;

/// A command that has ended.
pub(super) struct Ended<'a> {
    pub(super) task: Fingerprint,
    pub(super) status: ExitStatus,
    /// At most one byte more than an output may have.
    pub(super) stdout: Vec<u8>,
    /// The end of stderr, for people.
    pub(super) stderr: &'a str,
}

impl Ended<'_> {
    /// Success with exit code 0, a failure for good with one of `terminal`, else a retryable error.
    pub(super) fn judge(self, terminal: &TerminalErrors) -> Result<StepOutput, StepError> {
        let how = match (self.status.code(), self.status.signal()) {
            (Some(0), _) if self.stdout.len() > OUTPUT_BYTES => return Err(too_large()),
            (Some(0), _) => return Written::read(self.stdout).into_output(self.task),
            (Some(code), _) => format!("the command ended with exit code {code}"),
            (None, signal) => format!("the command was ended by signal {}", signal.unwrap_or_default()),
        };
        match self.status.code() {
            Some(code) if terminal.has_exit_code(code) => {
                let failure = Failure::read(&self.stdout);
                let stderr = if self.stderr.is_empty() { &how } else { self.stderr };
                let error = failure.error.unwrap_or_else(|| format!("ExitCode{code}"));
                Err(StepError::terminal(error, failure.cause.unwrap_or_else(|| stderr.to_owned())))
            }
            _ if self.stderr.is_empty() => Err(StepError::retryable(how)),
            _ => Err(StepError::retryable(format!("{how}: {}", self.stderr))),
        }
    }
}

/// The failure that a command names on stdout: `{"error":"CardDeclined","cause":"…"}`. Both are optional
/// and other members are ignored.
#[derive(Default, Deserialize)]
struct Failure {
    error: Option<String>,
    cause: Option<String>,
}

impl Failure {
    /// Stdout that is not such an object names nothing, and an empty text counts as absent.
    fn read(stdout: &[u8]) -> Self {
        // An array would pass for the members in their order.
        let is_object = stdout.trim_ascii_start().starts_with(b"{") && stdout.len() <= OUTPUT_BYTES;
        let read: Option<Self> = is_object.then(|| serde_json::from_slice(stdout).ok()).flatten();
        let Self { error, cause } = read.unwrap_or_default();
        let stated = |text: &String| !text.trim().is_empty();
        Self { error: error.filter(stated), cause: cause.filter(stated) }
    }
}
