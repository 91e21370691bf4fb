//! The demo as a person likes to read it.

use std::collections::HashSet;
use std::time::Duration;

use taskback::core::{Fingerprint, Receipt};
use taskback::ledger::{Claim, Ledger};
use taskback_local::{Attempt, Outcome, State, TaskState, TaskView};

use super::messages::Message;

const HEAD: [&str; 6] = ["task", "service", "delivered", "outcome", "receipt", "attempts at the service"];

/// Rows in sections, to be aligned all together.
pub(super) struct Rows<'a> {
    state: &'a State,
    ledger: &'a dyn Ledger,
    /// The tasks that have a row.
    shown: HashSet<String>,
    sections: Vec<(&'static str, Vec<Row>)>,
}

type Row = [String; 6];

impl<'a> Rows<'a> {
    pub(super) fn new(state: &'a State, ledger: &'a dyn Ledger) -> Self {
        Self { state, ledger, shown: HashSet::new(), sections: Vec::new() }
    }

    pub(super) async fn add(&mut self, title: &'static str, messages: &[Message]) {
        let mut rows = Vec::new();
        for message in messages {
            rows.push(self.row(message).await);
        }
        self.sections.push((title, rows));
    }

    pub(super) fn render(&self, style: &Style) -> String {
        let head = HEAD.map(str::to_owned);
        let all = || self.sections.iter().flat_map(|(_, rows)| rows).chain([&head]);
        let widths: [usize; 6] = std::array::from_fn(|column| {
            all().map(|row| row[column].chars().count()).max().unwrap_or_default()
        });
        let mut text = style.bold(&line(&head, &widths)) + "\n";
        for (title, rows) in &self.sections {
            text += &format!("\n{}\n", style.bold(title));
            for row in rows {
                text += &(line(row, &widths) + "\n");
            }
        }
        text
    }

    async fn row(&mut self, message: &Message) -> Row {
        let none = || "-".to_owned();
        let kept = || "kept".to_owned();
        let Some(expected) = &message.task else {
            let receipt = if message.kept { kept() } else { none() };
            return [none(), none(), message.what.to_owned(), none(), receipt, none()];
        };
        let view = self.state.task(&expected.fingerprint.hex());
        let receipt = match receipt(self.ledger, &expected.fingerprint).await {
            _ if message.kept => kept(),
            Some(receipt) => receipt_text(&receipt),
            None => "none".to_owned(),
        };
        let attempts = match &view {
            Some(_) if !self.shown.insert(expected.fingerprint.hex()) => "none of its own".to_owned(),
            Some(view) => attempts(view),
            None => none(),
        };
        let outcome = view.as_ref().map_or_else(none, outcome);
        let task = expected.fingerprint.to_string();
        [task, expected.service.to_string(), message.what.to_owned(), outcome, receipt, attempts]
    }
}

/// Colours for a terminal, nothing elsewhere.
pub(super) struct Style {
    coloured: bool,
}

impl Style {
    pub(super) fn new(coloured: bool) -> Self {
        Self { coloured }
    }

    pub(super) fn verdict(&self, right: bool, text: &str) -> String {
        self.wrap(if right { "1;32" } else { "1;31" }, text)
    }

    pub(super) fn bold(&self, text: &str) -> String {
        self.wrap("1", text)
    }

    fn wrap(&self, code: &str, text: &str) -> String {
        if self.coloured { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn line(row: &Row, widths: &[usize; 6]) -> String {
    let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
    cells.join("  ").trim_end().to_owned()
}

fn outcome(task: &TaskView) -> String {
    match (&task.outcome, task.state) {
        (Some(Outcome::Failed { error: Some(error), .. }), _) => format!("failed: {error}"),
        (_, TaskState::Open) => "none: still open".to_owned(),
        (_, state) => format!("{state:?}").to_lowercase(),
    }
}

/// What ended the duty for that task, if anything did.
async fn receipt(ledger: &dyn Ledger, key: &Fingerprint) -> Option<Receipt> {
    // The one question that a ledger answers about a task's state. Everything is over by now, so
    // that a claim of no length takes it from nobody.
    match ledger.claim(key, "demo", Duration::ZERO).await {
        Ok(Claim::Reported(receipt)) => Some(receipt),
        _ => None,
    }
}

fn receipt_text(receipt: &Receipt) -> String {
    match receipt {
        Receipt::Closed { ours } => format!("closed, ours: {ours:?}").to_lowercase(),
        receipt => receipt.name().to_owned(),
    }
}

/// Their number, and how each ended.
fn attempts(task: &TaskView) -> String {
    if task.reports.is_empty() {
        return "none of its own".to_owned();
    }
    let ends: Vec<_> = task.reports.iter().map(end).collect();
    format!("{}: {}", ends.len(), ends.join(", then "))
}

fn end(report: &Attempt) -> String {
    match (&report.code, report.accepted) {
        (Some(code), _) => code.clone(),
        (None, true) if report.status.is_none() => "taken, answer lost".to_owned(),
        (None, true) => "taken".to_owned(),
        (None, false) => "not taken".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_characters_and_nothing_trails() {
        let row = ["é", "x", "x", "x", "x", "x"].map(str::to_owned);
        assert_eq!(line(&row, &[2, 1, 1, 1, 1, 9]), "é   x  x  x  x  x");
    }

    #[test]
    fn colours_are_for_terminals_only() {
        assert_eq!(Style::new(false).verdict(true, "done"), "done");
        assert_eq!(Style::new(true).verdict(false, "done"), "\x1b[1;31mdone\x1b[0m");
    }
}
