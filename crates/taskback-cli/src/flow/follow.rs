//! One execution, shown as it is or until its end.

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use aliyun_fnf::{Event, Execution, ExecutionStatus};
use taskback::flow::{FlowControl, View};
use tokio::time::Instant;

use super::PATIENCE;
use super::show::{self, Timeline};
use crate::Ended;

/// How an execution should end for the exit code 0.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// With success.
    Success,
    /// However.
    End,
}

/// An execution that is looked at.
pub(super) struct Followed {
    control: FlowControl,
    flow: String,
    name: String,
    json: bool,
}

/// How long one look waits for the end: so old is the news at most.
const LOOK: Duration = Duration::from_secs(2);

impl Followed {
    pub(super) fn new(control: FlowControl, flow: &str, name: &str, json: bool) -> Self {
        Self { control, flow: flow.to_owned(), name: name.to_owned(), json }
    }

    /// Tells that a start or a stop was taken.
    pub(super) fn done(&self, execution: &Execution) -> Ended {
        let mut out = io::stdout();
        match self.json {
            true => writeln!(out, "{}", serde_json::to_string(&View::of(execution))?)?,
            false => writeln!(out, "{}/{}  {}", self.flow, self.name, show::status(execution))?,
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Shows the execution with its history.
    pub(super) async fn once(&self) -> Ended {
        self.show_until(Some(Instant::now())).await?;
        Ok(ExitCode::SUCCESS)
    }

    /// The same, and goes on until its end or until that many seconds are over.
    pub(super) async fn until_the_end(&self, wait: Option<u64>, wanted: Wanted) -> Ended {
        let until = wait.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        let status = self.show_until(until).await?;
        Ok(match status {
            ExecutionStatus::Succeeded => ExitCode::SUCCESS,
            status if !status.is_final() => ExitCode::from(3),
            _ if wanted == Wanted::End => ExitCode::SUCCESS,
            _ => ExitCode::from(1),
        })
    }

    async fn show_until(&self, until: Option<Instant>) -> Result<ExecutionStatus, Box<dyn Error>> {
        let mut timeline = Timeline::default();
        let mut out = io::stdout();
        let progress = Progress::new(!self.json);
        // The first look is at once, so that something is seen.
        let (mut execution, mut events) = self.look(0).await?;
        if !self.json {
            write!(out, "{}{}", show::head(&self.flow, &self.name, &execution), timeline.grow(&events))?;
        }
        let over = || until.is_some_and(|until| Instant::now() >= until);
        while !execution.status.is_final() && !over() {
            progress.show(&execution)?;
            let left = until.map_or(LOOK, |until| until.saturating_duration_since(Instant::now()));
            (execution, events) = self.look(left.clamp(Duration::from_secs(1), LOOK).as_secs()).await?;
            progress.clear()?;
            if !self.json {
                write!(out, "{}", timeline.grow(&events))?;
            }
        }
        match self.json {
            true => writeln!(out, "{}", show::json(&execution, &events)?)?,
            false => write!(out, "{}", show::end(&execution, &events))?,
        }
        Ok(execution.status)
    }

    /// The execution at its end or after `wait` seconds (at most 60), and what has happened in it until then.
    async fn look(&self, wait: u64) -> Result<(Execution, Vec<Event>), String> {
        let until = Instant::now() + PATIENCE + Duration::from_secs(wait);
        let Self { control, flow, name, .. } = self;
        let look = async {
            let execution = control.describe(flow, name, wait as u32, until).await?;
            Ok((execution, control.history(flow, name, until).await?))
        };
        let (mut execution, events) =
            look.await.map_err(|error: aliyun_fnf::Error| show::plain(&error.to_string()))?;
        execution.flow_name.get_or_insert_with(|| flow.clone());
        execution.name.get_or_insert_with(|| name.clone());
        Ok((execution, events))
    }
}

/// A last line that tells how long it is running; for terminals only.
struct Progress {
    began: Instant,
    shown: bool,
}

impl Progress {
    fn new(wanted: bool) -> Self {
        Self { began: Instant::now(), shown: wanted && io::stderr().is_terminal() }
    }

    fn show(&self, execution: &Execution) -> io::Result<()> {
        if !self.shown {
            return Ok(());
        }
        write!(io::stderr(), "{}, waited {} s", show::status(execution), self.began.elapsed().as_secs())
    }

    fn clear(&self) -> io::Result<()> {
        if self.shown { write!(io::stderr(), "\r\x1b[K") } else { Ok(()) }
    }
}
