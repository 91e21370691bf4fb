//! The end of a report by hand, in words.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use serde_json::json;
use taskback::ledger::{State, TaskRecord};
use taskback::{Ack, ClosedBy, Fingerprint, HandReport, NackReason, Outcome, Receipt, Settlement};
use taskback_core::printable;

use super::words;
use crate::exit::CommandResult;

/// What became of the outcome.
pub(super) struct Verdict {
    key: Fingerprint,
    /// `reported`, `reported before`, `another outcome`, `closed by another`, `delegated`, `held`, `no receipt`,
    /// `not recorded`, `unknown`.
    result: &'static str,
    text: String,
    outcome: Option<String>,
    receipt: Option<Receipt>,
    code: u8,
}

const DELEGATED: &str = "delegated";
/// There is a receipt, and the outcome that it is for could not be read.
const UNREAD: &str = "unknown";

impl Verdict {
    /// The verdict on a report. `task` is the record after it, where it could be read. An error where the report could
    /// not be tried.
    pub(super) fn new(
        key: Fingerprint,
        given: &Outcome,
        report: &HandReport,
        task: Option<&TaskRecord>,
    ) -> Result<Self, Box<dyn Error>> {
        let acked = match &report.settlement {
            Settlement::Ack(Ack::Task(acked)) => acked,
            Settlement::Ack(_) => return Err("the answer is not that of a task".into()),
            Settlement::Nack(reason) => return Self::nacked(key, given, report, reason, task),
        };
        let is_given = match (&acked.outcome, task.map(|task| &task.record.state)) {
            (Some(outcome), _) => outcome.digest() == given.digest(),
            (None, Some(State::Reported { digest, .. })) => *digest == given.digest(),
            (None, _) => false,
        };
        let receipt = words::receipt_words(&acked.receipt);
        let name = acked.outcome.as_ref().map(words::outcome_words);
        let is_closed = is_closed_by_other(&acked.receipt);
        let (result, text) = match (&name, is_given) {
            _ if matches!(acked.receipt, Receipt::Delegated { .. }) => {
                (DELEGATED, format!("Nothing was reported: the task is {receipt}, which reports."))
            }
            (Some(name), true) if is_closed => (
                "closed by another",
                format!("Not accepted: {name}. The task was closed before; receipt: {receipt}."),
            ),
            (None, _) if is_closed => {
                ("closed by another", format!("The task was closed before. Receipt: {receipt}."))
            }
            (Some(name), true) => ("reported", format!("Reported: {name}. Receipt: {receipt}.")),
            (None, _) if task.is_none() => (
                UNREAD,
                format!(
                    "Reported before; the ledger could not be read again, so whether it was this outcome is unknown. Receipt: {receipt}."
                ),
            ),
            (None, true) => {
                ("reported before", format!("The same outcome was reported before. Receipt: {receipt}."))
            }
            (Some(name), false) if report.is_own => (
                "another outcome",
                format!("The service refused the output; reported in its place: {name}. Receipt: {receipt}."),
            ),
            (Some(name), false) => (
                "another outcome",
                format!(
                    "Another outcome was recorded before, and was reported now: {name}. Receipt: {receipt}."
                ),
            ),
            (None, false) => {
                ("another outcome", format!("Another outcome was reported before. Receipt: {receipt}."))
            }
        };
        let code = match result {
            "reported" | "reported before" => 0,
            DELEGATED => 3,
            UNREAD => 2,
            _ => 1,
        };
        Ok(Self { key, result, text, outcome: name, receipt: Some(acked.receipt.clone()), code })
    }

    /// There is no outcome in the ledger to report.
    pub(super) fn not_recorded(key: Fingerprint, task: Option<&TaskRecord>) -> Self {
        let text = match task {
            None => super::show::NO_RECORD.to_owned(),
            Some(task) => {
                let words = words::words(task);
                format!("Nothing to report, the task is {}. {} {}", words.state, words.meaning, words.next)
            }
        };
        let receipt = match task.map(|task| &task.record.state) {
            Some(State::Reported { receipt, .. }) => Some(receipt.clone()),
            _ => None,
        };
        let (result, code) = match &receipt {
            Some(receipt) if is_closed_by_other(receipt) => ("closed by another", 1),
            Some(Receipt::Delegated { .. }) => (DELEGATED, 3),
            Some(_) => ("reported before", 0),
            None => ("not recorded", 1),
        };
        Self { key, result, text, outcome: None, receipt, code }
    }

    fn nacked(
        key: Fingerprint,
        given: &Outcome,
        report: &HandReport,
        reason: &NackReason,
        task: Option<&TaskRecord>,
    ) -> Result<Self, Box<dyn Error>> {
        let (result, text, code) = match reason {
            NackReason::HeldByOther(left) => {
                let owner = task.and_then(|task| task.owner.as_deref()).unwrap_or("unknown");
                let text = format!(
                    "Nothing was reported: a worker holds the task. Owner {}, lease ends in {} unless it is renewed. If its process has ended: `taskback task release {key} --owner-is-dead`.",
                    printable(owner, 256),
                    words::seconds(*left)
                );
                ("held", text, 3)
            }
            NackReason::ServiceNotConfigured(_) | NackReason::LedgerUnavailable => {
                return Err(format!("nothing was reported: {reason} (RUST_LOG=warn logs the details)").into());
            }
            NackReason::ClosedByOther => {
                ("closed by another", "The task was closed before, not by us.".to_owned(), 1)
            }
            reason => ("no receipt", no_receipt(report, given, reason, task), 3),
        };
        Ok(Self { key, result, text, outcome: None, receipt: None, code })
    }

    pub(super) fn print(&self, as_json: bool) -> CommandResult {
        let mut out = std::io::stdout().lock();
        if as_json {
            let object = json!({
                "fingerprint": self.key.to_string(), "result": self.result, "outcome": self.outcome,
                "receipt": self.receipt, "text": self.text,
            });
            writeln!(out, "{object}")?;
        } else {
            writeln!(out, "task {}\n{}", self.key, self.text)?;
        }
        Ok(ExitCode::from(self.code))
    }
}

fn is_closed_by_other(receipt: &Receipt) -> bool {
    matches!(receipt, Receipt::Closed { closed_by: ClosedBy::Other | ClosedBy::Unknown })
}

fn no_receipt(
    report: &HandReport,
    given: &Outcome,
    reason: &NackReason,
    task: Option<&TaskRecord>,
) -> String {
    let recorded = match task.map(|task| &task.record.state) {
        Some(State::Decided(decided)) if report.is_own || decided.digest == given.digest() => {
            "The outcome is recorded and will not change; `taskback task report … recorded` reports it again."
        }
        Some(State::Decided(_)) => {
            "Another outcome is recorded; `taskback task report … recorded` reports it again."
        }
        Some(State::Absent | State::Running { .. }) if !report.is_own => "Nothing was recorded.",
        _ => "`taskback task show` says whether an outcome was recorded.",
    };
    format!("No receipt: {reason}. {recorded} RUST_LOG=warn logs the service's answer.")
}
