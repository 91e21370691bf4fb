//! What a pass over a dead-letter queue prints.

use std::io::Write;
use std::process::ExitCode;

use serde_json::json;
use taskback::{DeadLetter, LetterState, MessageFormat};
use taskback_core::printable;

use crate::exit::CommandResult;

/// One message. It holds no part of a token: texts that the sender chose are searched for it.
pub(super) struct Line {
    id: String,
    receives: Option<u32>,
    fingerprint: Option<String>,
    workflow: Option<String>,
    state: &'static str,
    words: String,
    pub(super) does: String,
    is_useful: bool,
    pub(super) is_moved: bool,
    pub(super) is_deleted: bool,
}

/// The longest id that is printed.
const CHARS: usize = 256;

impl Line {
    pub(super) fn new(letter: &DeadLetter, state: &LetterState, format: &MessageFormat) -> Self {
        let task = letter.task(format).ok();
        let workflow = task.as_ref().and_then(|task| {
            let key = task.business_key()?;
            Some(task.token.redact_line(&key, CHARS))
        });
        Self {
            id: printable(letter.id(), CHARS),
            receives: letter.receive_count(),
            fingerprint: task.map(|task| task.token.fingerprint().to_string()),
            workflow,
            state: state.name(),
            words: state.to_string(),
            does: state.effect().to_owned(),
            is_useful: state.is_useful(),
            is_moved: false,
            is_deleted: false,
        }
    }

    fn text(&self) -> String {
        let task = self.fingerprint.as_deref().and_then(|hex| hex.get(..8)).unwrap_or("-       ");
        let workflow = self.workflow.as_ref().map(|key| format!("  {key}")).unwrap_or_default();
        let does = match (self.is_moved, self.is_deleted) {
            (true, _) => format!("moved, {}", self.does),
            (_, true) => "deleted".to_owned(),
            _ => self.does.clone(),
        };
        format!("{}  {task}{workflow}  {}: {does}", self.id, self.words)
    }
}

/// All of a pass.
#[derive(Default)]
pub(super) struct Summary {
    pub(super) lines: Vec<Line>,
    pub(super) received: usize,
    pub(super) failed: usize,
    /// True where the pass ended before the queue was empty.
    pub(super) is_partial: bool,
    /// The messages of the queue afterwards, visible and hidden.
    pub(super) waiting: Option<(u64, u64)>,
    notes: Vec<String>,
}

impl Summary {
    pub(super) fn note(&mut self, text: String) {
        self.notes.push(text);
    }

    /// Prints it. `redrive` has the other queue, and whether messages were moved.
    pub(super) fn print(&self, redrive: Option<(&str, bool)>, as_json: bool) -> CommandResult {
        for note in &self.notes {
            eprintln!("taskback: {note}");
        }
        let mut out = std::io::stdout().lock();
        if as_json {
            let (to, applied) = redrive.unzip();
            let object = json!({
                "messages": self.lines.iter().map(Line::json).collect::<Vec<_>>(),
                "to": to,
                "applied": applied.unwrap_or(false),
                "received": self.received,
                "moved": self.count(|line| line.is_moved),
                "deleted": self.count(|line| line.is_deleted),
                "failed": self.failed,
                "partial": self.is_partial,
                "visible": self.waiting.map(|(visible, _)| visible),
                "hidden": self.waiting.map(|(_, hidden)| hidden),
            });
            writeln!(out, "{object}")?;
        } else {
            for line in &self.lines {
                writeln!(out, "{}", line.text())?;
            }
            write!(out, "{}", self.totals(redrive))?;
        }
        Ok(if self.failed > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
    }

    fn totals(&self, redrive: Option<(&str, bool)>) -> String {
        let useful = self.count(|line| line.is_useful);
        let mut text = format!("{}; a redrive of {useful} is useful.", messages(self.lines.len()));
        if let Some((to, applied)) = redrive {
            let to = printable(to, CHARS);
            text += &if applied {
                let (moved, deleted) = (self.count(|line| line.is_moved), self.count(|line| line.is_deleted));
                format!(" {moved} moved to {to}, {deleted} deleted, {} failed.", self.failed)
            } else {
                format!(" Nothing was moved: --apply moves them to {to}.")
            };
        }
        text += &format!("\nThis cost {}: each received message counts one more.\n", receives(self.received));
        if self.is_partial {
            text += "There are more messages: run it again, or with a larger --max.\n";
        }
        if let Some((_, hidden @ 1..)) = self.waiting {
            text += &format!(
                "{} not visible at present: another reader has them, or their delay is not over.\n",
                if hidden == 1 { "1 message is".to_owned() } else { format!("{hidden} messages are") }
            );
        }
        text
    }

    fn count(&self, is: impl Fn(&Line) -> bool) -> usize {
        self.lines.iter().filter(|line| is(line)).count()
    }
}

impl Line {
    fn json(&self) -> serde_json::Value {
        json!({
            "id": self.id, "receives": self.receives, "fingerprint": self.fingerprint, "workflow": self.workflow,
            "state": self.state, "text": self.words, "redrive": self.does, "useful": self.is_useful,
            "moved": self.is_moved, "deleted": self.is_deleted,
        })
    }
}

/// A number of messages, in words.
pub(super) fn messages(count: usize) -> String {
    if count == 1 { "1 message".to_owned() } else { format!("{count} messages") }
}

fn receives(count: usize) -> String {
    if count == 1 { "1 receive".to_owned() } else { format!("{count} receives") }
}
