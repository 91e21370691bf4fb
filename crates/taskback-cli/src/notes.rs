//! Warnings and errors of the handler as lines for people, where there is no log.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Writes each warning and error of the handler to stderr: its sentence, the cause and the task. As in the log, none has a
/// token.
pub(crate) struct Notes;

/// Events of which the command has lines of its own.
const SAID_ELSEWHERE: [&str; 4] =
    ["message.nacked", "task.closed_by_other", "event.rejected", "invocation.failed"];

impl Subscriber for Notes {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= Level::WARN && metadata.target().starts_with("taskback")
    }

    fn event(&self, event: &Event<'_>) {
        let mut note = Note::default();
        event.record(&mut note);
        if let Some(line) = note.line() {
            eprintln!("{line}");
        }
    }

    // Spans are not enabled; an id is made up for those that do not ask.
    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

/// The fields of one event that a line shows.
#[derive(Default)]
struct Note {
    event: String,
    message: String,
    cause: String,
    task: String,
}

impl Note {
    fn line(&self) -> Option<String> {
        if SAID_ELSEWHERE.contains(&&*self.event) || self.message.is_empty() {
            return None;
        }
        let mut line = format!("taskback: {}", self.message);
        for (part, before) in [(&self.cause, ": "), (&self.task, " (task ")] {
            if !part.is_empty() {
                line += before;
                line += part;
            }
        }
        if !self.task.is_empty() {
            line.push(')');
        }
        Some(line)
    }
}

impl Visit for Note {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = match field.name() {
            "event" => &mut self.event,
            "message" => &mut self.message,
            "error" | "reason" | "refusal" => &mut self.cause,
            "task" => &mut self.task,
            _ => return,
        };
        text.clear();
        // Writing to a `String` fails only if the value's own formatting does; the text is cut short then.
        let _ = write!(text, "{value:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_has_sentence_cause_and_task() {
        let note = |event: &str, cause: &str, task: &str| Note {
            event: event.to_owned(),
            message: "step failed and will be retried".to_owned(),
            cause: cause.to_owned(),
            task: task.to_owned(),
        };
        let line = note("step.failed", "no luck", "1a2b3c4d").line();
        assert_eq!(
            line.as_deref(),
            Some("taskback: step failed and will be retried: no luck (task 1a2b3c4d)")
        );
        assert_eq!(
            note("step.failed", "", "").line().as_deref(),
            Some("taskback: step failed and will be retried")
        );
        assert_eq!(note("message.nacked", "no luck", "").line(), None);
    }
}
