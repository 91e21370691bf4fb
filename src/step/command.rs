mod end;
pub(super) mod group;
mod line;
mod orphans;

use std::fmt;
use std::future::pending;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use std::{io, pin::pin};

use rustix::process::Signal;
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::time::timeout;

use super::contract::{Step, StepError, StepOutput};
use super::external::{CAUSE_BYTES, OUTPUT_BYTES, TaskMetadata, text};
use super::task::{Cancellation, Task};
use super::terminal_errors::TerminalErrors;
use crate::future::BoxFuture;
use end::Ended;
use group::Group;

pub use line::CommandLine;
pub(crate) use orphans::reap_all;

/// A step that runs a program for each task, with the input on its stdin.
///
/// Exit code 0 is success, and stdout the output: JSON, or else a text; at most 1 MiB. Exit code 65 fails
/// the task for good, with error and cause as JSON on stdout, `{"error":"CardDeclined","cause":"…"}`;
/// without them they are `ExitCode65` and the end of stderr, at most 4096 bytes. Every other code and a
/// signal count as retryable.
///
/// The program has the handler's environment, the facts of the task as `TASKBACK_TASK_…` and never the
/// token. It leads a process group of its own: where the workflow asks for cancellation the group gets
/// SIGTERM, and SIGKILL when the program has ended or its time is over, so that nothing outlives the step.
///
/// ```
/// use taskback::{CommandLine, CommandStep, Taskback};
///
/// let verify = CommandLine::parse("python3 verify.py --strict")?;
/// let builder = Taskback::builder().step(CommandStep::new(verify));
/// # Ok::<(), String>(())
/// ```
pub struct CommandStep(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    line: CommandLine,
    terminal: TerminalErrors,
}

impl CommandStep {
    /// The step of that command.
    pub fn new(line: CommandLine) -> Self {
        Self(Arc::new(Inner { line, terminal: TerminalErrors::default() }))
    }

    /// Sets the exit codes that fail a task for good, in the same way as 65.
    pub fn terminal_errors(self, terminal: TerminalErrors) -> Self {
        Self(Arc::new(Inner { terminal, ..Arc::unwrap_or_clone(self.0) }))
    }
}

/// Shows the program; its arguments may hold secrets.
impl fmt::Debug for CommandStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandStep").field("program", &self.0.line.program).finish_non_exhaustive()
    }
}

impl Step for CommandStep {
    fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepOutput, StepError>> {
        let inner = Arc::clone(&self.0);
        Box::pin(async move { inner.run(&task).await })
    }

    /// The start of a process waits for the file system.
    fn blocks(&self) -> bool {
        true
    }
}

/// The time for the rest in the pipes: a process that left the group can hold them open.
const DRAIN: Duration = Duration::from_secs(1);

impl Inner {
    async fn run(&self, task: &Task<Box<RawValue>>) -> Result<StepOutput, StepError> {
        let program = &self.line.program;
        let mut group = Group::spawn(&mut command(&self.line, task)).map_err(|error| {
            StepError::retryable(format!("the command {program:?} did not start: {error}"))
        })?;
        let pipes = group.child().map(|child| (child.stdin.take(), child.stdout.take(), child.stderr.take()));
        let Some((Some(stdin), Some(stdout), Some(stderr))) = pipes else {
            return Err(StepError::retryable("the command has no pipes"));
        };
        let (stdin, stdout) = (ChildStdin::from_std(stdin)?, ChildStdout::from_std(stdout)?);
        let stderr = ChildStderr::from_std(stderr)?;
        let (mut output, mut cause) = (Vec::new(), Vec::new());
        let status = {
            let mut talk = pin!(async {
                tokio::try_join!(
                    feed(stdin, task.input.get()),
                    keep(stdout, &mut output, |kept| kept.truncate(OUTPUT_BYTES + 1)),
                    keep(stderr, &mut cause, |kept| drop(
                        kept.drain(..kept.len().saturating_sub(CAUSE_BYTES))
                    )),
                )
            });
            let mut requested = pin!(requested(task));
            let (mut talked, mut asked) = (None, false);
            {
                let mut ended = pin!(group.ended());
                loop {
                    tokio::select! {
                        end = &mut ended => break end?,
                        end = &mut talk, if talked.is_none() => talked = Some(end),
                        () = &mut requested, if !asked => {
                            asked = true;
                            group.signal(Signal::TERM);
                        }
                    }
                }
            }
            let status = group.finish()?;
            // All output of the program itself is in the pipes by now.
            match talked {
                Some(end) => end?,
                None => timeout(DRAIN, talk).await.unwrap_or(Ok(((), (), ())))?,
            };
            status
        };
        let ended = Ended { task: task.fingerprint(), status, stdout: output, stderr: &text(&cause) };
        ended.judge(&self.terminal)
    }
}

fn command(line: &CommandLine, task: &Task<Box<RawValue>>) -> Command {
    let mut command = Command::new(&line.program);
    command.args(&line.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let metadata = TaskMetadata::from_task(task);
    for (name, value) in [
        ("TASKBACK_TASK_FINGERPRINT", Some(metadata.fingerprint)),
        ("TASKBACK_TASK_SERVICE", Some(metadata.service.to_owned())),
        ("TASKBACK_TASK_ATTEMPT", metadata.attempt),
        ("TASKBACK_TASK_BUSINESS_KEY", metadata.business_key),
        ("TASKBACK_TASK_ACTIVITY_TYPE", metadata.activity_type),
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
    let _unread = stdin.write_all(input.as_bytes()).await;
    Ok(())
}

/// Reads to the end and keeps a part, for a program must not wait for its reader.
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

/// Waits for the workflow's request to cancel; every other reason just drops the step.
async fn requested<T>(task: &Task<T>) {
    if task.cancelled().await != Cancellation::Requested {
        pending().await
    }
}
