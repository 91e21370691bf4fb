//! One pass over a dead-letter queue.

use std::collections::HashSet;
use std::error::Error;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use taskback::ledger::LedgerRecords;
use taskback::{DeadLetter, DeadLetterQueue, LetterState, MessageFormat};
use tokio::time::Instant;

use super::printed::{Line, Summary, messages};
use crate::local::shutdown_signal;
use crate::progress::Progress;

/// The messages of a queue, each looked at once.
pub(super) struct Pass {
    pub(super) queue: DeadLetterQueue,
    pub(super) records: Arc<dyn LedgerRecords>,
    pub(super) format: MessageFormat,
    /// The queue whose dead letters these are, where it is known.
    pub(super) source_arn: Option<String>,
    pub(super) action: Action,
    pub(super) max: u32,
    /// Whether the output is for a program, which gets no progress.
    pub(super) json: bool,
}

pub(super) enum Action {
    Look,
    Redrive { to: String, apply: bool, delete_reported: bool },
}

/// The time for which a message is hidden while the pass goes on.
const VISIBILITY: Duration = Duration::from_secs(300);
/// The time for new messages: after it those that were received first are visible soon.
const PASS_TIME: Duration = Duration::from_secs(240);

impl Pass {
    /// Returns what was done, also where an error or a signal ended it early. An error means that nothing was looked at.
    pub(super) async fn run(&self) -> Result<Summary, Box<dyn Error>> {
        let interrupted = pin!(shutdown_signal()?);
        let progress = Progress::new(!self.json, "receiving messages");
        let mut turn = Turn {
            pass: self,
            progress: &progress,
            seen: HashSet::new(),
            held: HashSet::new(),
            left: Vec::new(),
            summary: Summary::default(),
        };
        let result = turn.receive_all(interrupted).await;
        progress.show(format!("making {} visible again", messages(turn.left.len())));
        if let Err(error) = self.queue.show_again(&turn.left).await {
            turn.summary.note(format!("some messages stay hidden for up to 5 minutes: {error}"));
        }
        if let Err(error) = result {
            if turn.summary.lines.is_empty() {
                return Err(error);
            }
            turn.summary.note(error.to_string());
            turn.summary.failed += 1;
            turn.summary.is_partial = true;
        }
        if let Ok((visible, hidden)) = self.queue.count().await {
            turn.summary.waiting = Some((visible, hidden));
        }
        Ok(turn.summary)
    }
}

struct Turn<'a> {
    pass: &'a Pass,
    progress: &'a Progress,
    /// The ids of the messages that were received.
    seen: HashSet<String>,
    /// Groups of a FIFO queue of which a message must stay, and so those behind it.
    held: HashSet<String>,
    /// The receipt handles of the messages that stay. A body may have 1 MiB.
    left: Vec<String>,
    summary: Summary,
}

impl Turn<'_> {
    /// Goes on until the queue is empty, the pass is over, or it is interrupted: between two messages, never between a
    /// send and its delete.
    async fn receive_all(
        &mut self,
        mut interrupted: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), Box<dyn Error>> {
        let end = Instant::now() + PASS_TIME;
        while Instant::now() < end {
            let letters = self.pass.queue.receive(VISIBILITY).await?;
            if letters.is_empty() {
                return Ok(());
            }
            self.summary.received += letters.len();
            self.progress.show(format!("{} received", messages(self.summary.received)));
            let mut letters = letters.into_iter();
            let mut is_over = false;
            while let Some(letter) = letters.next() {
                if !is_over && is_ready(interrupted.as_mut()).await {
                    self.summary.note("interrupted".to_owned());
                    is_over = true;
                }
                // One that comes again was looked at, or is beyond the number that was asked for.
                is_over |= !self.seen.insert(letter.id().to_owned())
                    || self.summary.lines.len() >= self.pass.max as usize;
                if is_over {
                    self.leave(&letter);
                    continue;
                }
                if let Err(error) = self.settle(letter).await {
                    letters.for_each(|letter| self.leave(&letter));
                    return Err(error);
                }
            }
            if is_over {
                self.summary.is_partial = true;
                return Ok(());
            }
        }
        self.summary.is_partial = true;
        Ok(())
    }

    fn leave(&mut self, letter: &DeadLetter) {
        self.left.push(letter.receipt_handle().to_owned());
    }

    /// Looks at a letter, and moves it where that is asked for. An error ends the pass.
    async fn settle(&mut self, letter: DeadLetter) -> Result<(), Box<dyn Error>> {
        let Pass { queue, records, format, source_arn, action, .. } = self.pass;
        let source_arn = source_arn.as_deref();
        let state = match letter.state(&**records, format, source_arn).await {
            Ok(state) => state,
            Err(error) => {
                self.leave(&letter);
                return Err(error.into());
            }
        };
        let group = letter.group().filter(|_| queue.is_fifo()).map(str::to_owned);
        let is_behind = group.as_ref().is_some_and(|group| self.held.contains(group));
        let mut line = Line::new(&letter, &state, format);
        let done = match action {
            _ if is_behind => {
                line.does = "nothing now: an earlier message of its group stays".to_owned();
                Ok(false)
            }
            Action::Redrive { to, apply: true, .. } if state.is_useful() => {
                line.is_moved = true;
                move_to(queue, &letter, to, source_arn).await
            }
            Action::Redrive { apply: true, delete_reported: true, .. } if is_reported(&state) => {
                line.is_deleted = true;
                queue.delete(&letter).await.map(|()| true).map_err(|error| error.to_string())
            }
            Action::Look | Action::Redrive { .. } => Ok(false),
        };
        let is_done = done.unwrap_or_else(|reason| {
            self.summary.failed += 1;
            self.summary.note(format!("message {}: {reason}", letter.id()));
            (line.is_moved, line.is_deleted) = (false, false);
            if let Some(group) = &group {
                self.held.insert(group.clone());
            }
            false
        });
        if let (LetterState::Running(_) | LetterState::UnnamableStart, Some(group)) = (&state, group) {
            self.held.insert(group);
        }
        self.summary.lines.push(line);
        if !is_done {
            self.leave(&letter);
        }
        Ok(())
    }
}

/// Whether a future is ready now. Once it was, it must not be asked again.
async fn is_ready(future: Pin<&mut impl Future<Output = ()>>) -> bool {
    tokio::select! {
        biased;
        () = future => true,
        () = std::future::ready(()) => false,
    }
}

fn is_reported(state: &LetterState) -> bool {
    matches!(state, LetterState::Reported(_))
}

/// Sends, then deletes: a message that cannot be deleted is in both queues, and its task is done once.
async fn move_to(
    queue: &DeadLetterQueue,
    letter: &DeadLetter,
    to: &str,
    source_arn: Option<&str>,
) -> Result<bool, String> {
    queue.send(letter, to, source_arn).await.map_err(|error| format!("not moved: {error}"))?;
    match queue.delete(letter).await {
        Ok(()) => Ok(true),
        Err(error) => Err(format!(
            "sent, and not deleted here: {error}; delete it, or it is sent again by the next redrive"
        )),
    }
}
