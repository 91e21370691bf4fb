//! The results of the demo as a table.

use std::collections::HashSet;
use std::time::Duration;

use taskback::ledger::{Claim, ClaimRequest, Ledger};
use taskback::{ClosedBy, Execution, Fingerprint, Outcome, Receipt};
use taskback_local::{Attempt, ReportedOutcome, SharedState, TaskState, TaskView};

use super::messages::Message;

const HEAD: [&str; 6] = ["task", "service", "delivered", "outcome", "receipt", "attempts at the service"];

/// Rows in sections, with columns aligned across all of them.
pub(super) struct Rows<'a> {
    state: &'a SharedState,
    ledger: &'a dyn Ledger,
    /// The tasks that have a row already.
    printed: HashSet<String>,
    sections: Vec<(&'static str, Vec<Row>)>,
}

type Row = [String; 6];

impl<'a> Rows<'a> {
    pub(super) fn new(state: &'a SharedState, ledger: &'a dyn Ledger) -> Self {
        Self { state, ledger, printed: HashSet::new(), sections: Vec::new() }
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
        let nacked = || match &message.reason {
            Some(reason) => format!("nacked: {reason}"),
            None => "nacked".to_owned(),
        };
        let Some(expected) = &message.task else {
            let receipt = if message.nacked { nacked() } else { none() };
            return [none(), none(), message.description.to_owned(), none(), receipt, none()];
        };
        let view = self.state.task(&expected.fingerprint.hex());
        let receipt = match receipt(self.ledger, &expected.fingerprint).await {
            _ if message.nacked => nacked(),
            Some(receipt) => receipt_text(&receipt),
            None => "none".to_owned(),
        };
        let attempts = match &view {
            Some(_) if !self.printed.insert(expected.fingerprint.hex()) => "none of its own".to_owned(),
            Some(view) => attempts(view),
            None => none(),
        };
        let outcome = view.as_ref().map_or_else(none, outcome);
        let task = expected.fingerprint.short();
        [task, expected.service.to_string(), message.description.to_owned(), outcome, receipt, attempts]
    }
}

/// Colours, for terminals only.
pub(super) struct Style {
    coloured: bool,
}

impl Style {
    pub(super) fn new(coloured: bool) -> Self {
        Self { coloured }
    }

    pub(super) fn verdict(&self, is_correct: bool, text: &str) -> String {
        self.wrap(if is_correct { "1;32" } else { "1;31" }, text)
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
        (Some(ReportedOutcome::Failed { error: Some(error), .. }), _) => format!("failed: {error}"),
        (_, TaskState::Open) => "none: still open".to_owned(),
        (_, state) => format!("{state:?}").to_lowercase(),
    }
}

/// The receipt that the ledger has for a task.
async fn receipt(ledger: &dyn Ledger, key: &Fingerprint) -> Option<Receipt> {
    // A claim is the only call of a ledger that returns a task's state. All work is over by now, so a claim with a lease
    // of zero disturbs no owner.
    let (input, execution) = (Outcome::output_too_large().digest(), Execution::default());
    let request =
        ClaimRequest { owner: "demo", duration: Duration::ZERO, input: Some(input), execution: &execution };
    match ledger.claim(key, &request).await.ok()?.claim {
        Claim::Reported(receipt) => Some(receipt),
        _ => None,
    }
}

fn receipt_text(receipt: &Receipt) -> String {
    match receipt {
        Receipt::Closed { closed_by: ClosedBy::Us } => "closed by us".to_owned(),
        Receipt::Closed { closed_by: ClosedBy::ProbablyUs } => "closed, probably by us".to_owned(),
        Receipt::Closed { closed_by: ClosedBy::Unknown } => "closed by an unknown party".to_owned(),
        Receipt::Closed { closed_by: ClosedBy::Other } => "closed by another party".to_owned(),
        receipt => receipt.name().to_owned(),
    }
}

/// The number of reports and the result of each.
fn attempts(task: &TaskView) -> String {
    if task.reports.is_empty() {
        return "none of its own".to_owned();
    }
    let results: Vec<_> = task.reports.iter().map(result).collect();
    format!("{}: {}", results.len(), results.join(", then "))
}

fn result(report: &Attempt) -> String {
    match (&report.code, report.accepted) {
        (Some(code), _) => code.clone(),
        (None, true) if report.status.is_none() => "accepted, response lost".to_owned(),
        (None, true) => "accepted".to_owned(),
        (None, false) => "not accepted".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_characters() {
        let row = ["é", "x", "x", "x", "x", "x"].map(str::to_owned);
        assert_eq!(line(&row, &[2, 1, 1, 1, 1, 9]), "é   x  x  x  x  x");
    }

    #[test]
    fn only_terminals_get_colours() {
        assert_eq!(Style::new(false).verdict(true, "done"), "done");
        assert_eq!(Style::new(true).verdict(false, "done"), "\x1b[1;31mdone\x1b[0m");
    }
}
