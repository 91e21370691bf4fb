use std::future::pending;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use std::{io, pin::pin};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

use super::outside::{About, CAUSE_BYTES, OUTPUT_BYTES, succeeded, text, too_large};
use super::{Step, StepEnd, StepError, Task};
use crate::settings::CommandLine;
use crate::{BoxFuture, Cancellation};

/// A step that runs a program for each task, with the input on its stdin.
///
/// What it says on stdout is the output: JSON, or else a text; at most 1 MiB. Exit code 0 is success. 1
/// to 125 but 75 tell the workflow `ExitCode…` with the end of stderr, at most 4096 bytes, as the cause;
/// 75, 126, 127, all above, and signals count as retryable.
///
/// The program has the handler's environment, the facts of the task as `TASKBACK_TASK_…` and never the
/// token. It leads a process group of its own: where the workflow asks for cancellation the group gets
/// SIGTERM, and SIGKILL when the program has ended or its time is over, so that nothing outlives the step.
pub struct CommandStep(Arc<CommandLine>);

impl CommandStep {
    /// The step of that command.
    pub fn new(line: CommandLine) -> Self {
        Self(Arc::new(line))
    }
}

impl Step for CommandStep {
    fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepEnd, StepError>> {
        let line = Arc::clone(&self.0);
        Box::pin(async move { run(&line, &task).await })
    }
}

/// The exit code of programs that say "try again later" (`EX_TEMPFAIL`).
const TRY_AGAIN: i32 = 75;

/// How long what is left in the pipes may take: a process that left the group can hold them open.
const DRAIN: Duration = Duration::from_secs(1);

async fn run(line: &CommandLine, task: &Task<Box<RawValue>>) -> Result<StepEnd, StepError> {
    let mut child = command(line, task).spawn()?;
    let group = Group::of(&child);
    let (Some(stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(StepError::retryable("the command has no pipes"));
    };
    let (mut output, mut cause) = (Vec::new(), Vec::new());
    let status = {
        let mut talk = pin!(async {
            tokio::try_join!(
                feed(stdin, task.input.get()),
                keep(stdout, &mut output, |kept| kept.truncate(OUTPUT_BYTES + 1)),
                keep(stderr, &mut cause, |kept| drop(kept.drain(..kept.len().saturating_sub(CAUSE_BYTES)))),
            )
        });
        let mut requested = pin!(requested(task));
        let (mut talked, mut asked) = (None, false);
        let status = loop {
            tokio::select! {
                status = child.wait() => break status?,
                end = &mut talk, if talked.is_none() => talked = Some(end),
                () = &mut requested, if !asked => {
                    asked = true;
                    group.signal(Signal::TERM);
                }
            }
        };
        drop(group);
        // What the program itself wrote stands in the pipes by now.
        match talked {
            Some(end) => end?,
            None => timeout(DRAIN, talk).await.unwrap_or(Ok(((), (), ())))?,
        };
        status
    };
    end(status, output, &text(&cause))
}

fn command(line: &CommandLine, task: &Task<Box<RawValue>>) -> Command {
    let mut command = Command::new(&line.program);
    command.args(&line.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Reaped behind our back where the step is dropped.
    command.process_group(0).kill_on_drop(true);
    let about = About::task(task);
    for (name, value) in [
        ("TASKBACK_TASK_FINGERPRINT", Some(about.fingerprint)),
        ("TASKBACK_TASK_SERVICE", Some(about.service.to_owned())),
        ("TASKBACK_TASK_ATTEMPT", about.attempt),
        ("TASKBACK_TASK_BUSINESS_KEY", about.business_key),
        ("TASKBACK_TASK_ACTIVITY_TYPE", about.activity_type),
        ("TASKBACK_TASK_REMAINING_MS", Some(task.remaining().as_millis().to_string())),
    ] {
        match value.filter(|value| !value.contains('\0')) {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// A program need not read its input.
async fn feed(mut stdin: ChildStdin, input: &str) -> io::Result<()> {
    drop(stdin.write_all(input.as_bytes()).await);
    Ok(())
}

/// Reads to the end, whatever of it is kept, for a program must not wait for its reader.
async fn keep(
    mut from: impl AsyncRead + Unpin,
    into: &mut Vec<u8>,
    trim: impl Fn(&mut Vec<u8>),
) -> io::Result<()> {
    let mut part = vec![0; 16 * 1024];
    loop {
        match from.read(&mut part).await? {
            0 => return Ok(()),
            bytes => into.extend_from_slice(&part[..bytes]),
        }
        trim(into);
    }
}

/// Waits for the workflow's wish that the step stops; every other reason just drops the step.
async fn requested<T>(task: &Task<T>) {
    if task.cancelled().await != Cancellation::Requested {
        pending().await
    }
}

fn end(status: ExitStatus, output: Vec<u8>, cause: &str) -> Result<StepEnd, StepError> {
    let how = match (status.code(), status.signal()) {
        (Some(0), _) if output.len() > OUTPUT_BYTES => return Err(too_large()),
        (Some(0), _) => return succeeded(output),
        (Some(code), _) => format!("the command ended with exit code {code}"),
        (None, signal) => format!("the command was ended by signal {}", signal.unwrap_or_default()),
    };
    match status.code() {
        Some(code @ 1..=125) if code != TRY_AGAIN => {
            let cause = if cause.is_empty() { &how } else { cause };
            Err(StepError::terminal(format!("ExitCode{code}"), cause))
        }
        _ if cause.is_empty() => Err(StepError::retryable(how)),
        _ => Err(StepError::retryable(format!("{how}: {cause}"))),
    }
}

/// The program with all that it started; killed when this is dropped.
struct Group(Option<Pid>);

impl Group {
    /// Its id is the child's, who leads it.
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)))
    }

    fn signal(&self, signal: Signal) {
        // Where nobody of it is left there is nobody to tell.
        self.0.map(|id| kill_process_group(id, signal).ok());
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}
