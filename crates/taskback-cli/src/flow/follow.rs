//! One execution, shown once or until it ends.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use aliyun_fnf::{Event, Execution, ExecutionStatus};
use taskback::fnf_flow::{ExecutionView, FlowControl};
use tokio::time::{Instant, sleep_until};

use super::show::{self, Timeline};
use crate::exit::CommandResult;
use crate::progress::Progress;

/// The time for one request, retries included.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The end of an execution that gives exit code 0.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ExpectedEnd {
    Success,
    /// Success, failure, timeout or stop.
    Any,
}

/// Describes an execution, repeatedly if asked to.
pub(super) struct ExecutionFollower {
    control: FlowControl,
    flow: String,
    name: String,
    json: bool,
}

/// The longest that one request waits for the end, and so the greatest age of what is shown.
const MAX_WAIT: Duration = Duration::from_secs(2);

impl ExecutionFollower {
    pub(super) fn new(control: FlowControl, flow: &str, name: &str, json: bool) -> Self {
        Self { control, flow: flow.to_owned(), name: name.to_owned(), json }
    }

    /// Prints the status of an execution that was started or stopped.
    pub(super) fn print_status(&self, execution: &Execution) -> CommandResult {
        let mut out = io::stdout();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(&ExecutionView::of(execution))?)?;
        } else {
            writeln!(out, "{}/{}  {}", self.flow, self.name, show::status(execution))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Shows the execution with its history once.
    pub(super) async fn show(&self) -> CommandResult {
        self.show_until(Some(Instant::now())).await?;
        Ok(ExitCode::SUCCESS)
    }

    /// Shows the execution until it ends, or until that many seconds are over.
    pub(super) async fn follow(&self, wait: Option<u64>, expected: ExpectedEnd) -> CommandResult {
        let deadline = wait.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        let status = self.show_until(deadline).await?;
        Ok(match status {
            ExecutionStatus::Succeeded => ExitCode::SUCCESS,
            status if !status.is_final() => ExitCode::from(3),
            _ if expected == ExpectedEnd::Any => ExitCode::SUCCESS,
            _ => ExitCode::from(1),
        })
    }

    async fn show_until(&self, deadline: Option<Instant>) -> Result<ExecutionStatus, Box<dyn Error>> {
        let mut timeline = Timeline::default();
        let mut out = io::stdout();
        let (began, progress) = (Instant::now(), Progress::new(!self.json, "asking for the execution"));
        // The first request does not wait, so that something is shown at once.
        let (mut execution, mut events) = self.fetch(0).await?;
        if !self.json {
            let head = show::head(&self.flow, &self.name, &execution) + &timeline.append(&events);
            progress.suspend(|| write!(out, "{head}"))?;
        }
        let over = || deadline.is_some_and(|deadline| Instant::now() >= deadline);
        while !execution.status.is_final() && !over() {
            progress.show(format!("{}, waited {} s", show::status(&execution), began.elapsed().as_secs()));
            let begin = Instant::now();
            let remaining = deadline.map_or(MAX_WAIT, |deadline| deadline.saturating_duration_since(begin));
            let wait = Duration::from_secs(remaining.clamp(Duration::from_secs(1), MAX_WAIT).as_secs());
            let fetched = self.fetch(wait.as_secs()).await;
            (execution, events) = fetched.map_err(|error| self.lost(&error))?;
            if !execution.status.is_final() {
                // FnF may answer before the wait is over; the next request still comes after it.
                sleep_until((begin + wait).min(deadline.unwrap_or(begin + wait))).await;
            }
            if !self.json {
                let new = timeline.append(&events);
                progress.suspend(|| write!(out, "{new}"))?;
            }
        }
        drop(progress);
        if self.json {
            writeln!(out, "{}", show::json(&execution, &events)?)?;
        } else {
            write!(out, "{}", show::end(&execution, &events))?;
        }
        Ok(execution.status)
    }

    /// The error of a wait that ended before the execution, with the next step.
    fn lost(&self, error: &str) -> String {
        let Self { flow, name, .. } = self;
        format!(
            "{error}; the execution goes on, and `taskback flow describe {flow} {name} --wait` follows it again"
        )
    }

    /// Returns the execution at its end or after `wait` seconds (max 60), and its history so far.
    async fn fetch(&self, wait: u64) -> Result<(Execution, Vec<Event>), String> {
        let deadline = Instant::now() + REQUEST_TIMEOUT + Duration::from_secs(wait);
        let Self { control, flow, name, .. } = self;
        let requests = async {
            let execution = control.describe(flow, name, wait as u32, deadline).await?;
            Ok((execution, control.history(flow, name, deadline).await?))
        };
        let (mut execution, events) =
            requests.await.map_err(|error: aliyun_fnf::Error| show::printable(&error.to_string()))?;
        execution.flow_name.get_or_insert_with(|| flow.clone());
        execution.name.get_or_insert_with(|| name.clone());
        Ok((execution, events))
    }
}
