//! A record in words: what it is, what it means, what to do next.

use std::time::Duration;

use serde_json::{Map, Value, json};
use taskback::ledger::{State, TaskRecord};
use taskback::{ClosedBy, Outcome, Receipt};
use taskback_core::printable;

/// The longest name or id that is shown.
const CHARS: usize = 256;

/// A state for people and programs.
pub(super) struct Words {
    pub(super) state: &'static str,
    pub(super) meaning: String,
    pub(super) next: &'static str,
}

/// The words for a record.
pub(super) fn words(task: &TaskRecord) -> Words {
    let (state, meaning, next) = match &task.record.state {
        State::Absent => (
            "released",
            "No worker has the task, and no outcome is recorded: each step so far ended without one, or its claim was ended by `taskback task release`.".to_owned(),
            "Wait for its message to be redelivered. If the message is a dead letter: `taskback dead-letters list`. Or report an outcome by hand: `taskback task report`.",
        ),
        State::Running { .. } => match task.lease_left().unwrap_or_default() {
            Duration::ZERO => (
                "lease over",
                "A worker claimed the task and did not renew its lease: it was killed, or could not reach the ledger. Any worker may claim the task now, which fences the first one.".to_owned(),
                "Wait for its message to be redelivered. If the message is a dead letter: `taskback dead-letters list`. Or report an outcome by hand: `taskback task report`.",
            ),
            left => (
                "running",
                format!("A worker runs the step. Its lease ends in {}, unless the worker renews it.", seconds(left)),
                "Wait, and look again: a lease that does not get shorter belongs to a worker that lives. If its worker is known to be dead: `taskback task release`.",
            ),
        },
        State::Decided(decided) => match &decided.outcome {
            Outcome::DelegatedTo { to } => (
                "delegated",
                format!("The step handed the token to another party, which reports: {}.", printable(to, CHARS)),
                "Look at that party. Nothing else may be reported for the task.",
            ),
            _ => (
                "decided, not reported",
                "The outcome is recorded and never changes; the service has not confirmed a report. The step does not run again.".to_owned(),
                "Any delivery of its message reports the outcome; so does `taskback task report … recorded`, with the token on standard input. If neither succeeds: RUST_LOG=warn shows the service's answer.",
            ),
        },
        State::Reported { receipt, .. } => match receipt {
            Receipt::Recorded { .. } => (
                "reported",
                "The service accepted the outcome.".to_owned(),
                "Nothing. If the workflow still waits, it waits for another task: one that is scheduled again has a new token.",
            ),
            Receipt::Closed { closed_by } => ("reported", closed(*closed_by).to_owned(), NOTHING),
            Receipt::Delegated { to } => (
                "delegated",
                format!("The step handed the token to another party, which reports: {}.", printable(to, CHARS)),
                "Look at that party. Nothing else may be reported for the task.",
            ),
        },
    };
    Words { state, meaning, next }
}

/// Lines for people.
pub(super) fn lines(task: &TaskRecord) -> String {
    let Words { state, meaning, next } = words(task);
    let mut text = format!("task {}\n", task.fingerprint);
    let mut line = |name: &str, value: String| text.push_str(&format!("  {name:<9} {value}\n"));
    line("state", state.to_owned());
    if let Some(owner) = &task.owner {
        line("owner", printable(owner, CHARS));
    }
    if let Some(left) = task.lease_left() {
        line("lease", format!("{} left", seconds(left)));
    }
    line("epoch", format!("{}, the number of claims and releases", task.record.epoch));
    if let Some((outcome, _)) = outcome(task) {
        line("outcome", outcome);
    }
    if let State::Reported { receipt, .. } = &task.record.state {
        line("receipt", receipt_words(receipt));
    }
    let ids: Vec<_> = task.execution.iter().map(|(name, id)| format!("{name}={id}")).collect();
    if !ids.is_empty() {
        line("workflow", ids.join(" "));
    }
    line("means", meaning);
    line("next", next.to_owned());
    text
}

/// The same as an object.
pub(super) fn json(task: &TaskRecord) -> Value {
    let Words { state, meaning, next } = words(task);
    let ids: Map<_, _> = task.execution.iter().map(|(name, id)| (name.clone(), json!(id))).collect();
    let (digest, receipt) = match &task.record.state {
        State::Decided(decided) => (Some(decided.digest.hex()), None),
        State::Reported { digest, receipt } => (Some(digest.hex()), Some(receipt)),
        State::Absent | State::Running { .. } => (None, None),
    };
    json!({
        "fingerprint": task.fingerprint.to_string(),
        "state": state,
        "owner": task.owner,
        "leaseSeconds": task.lease_left().map(|left| left.as_secs()),
        "epoch": task.record.epoch,
        "outcome": outcome(task).map(|(_, name)| name),
        "digest": digest,
        "receipt": receipt,
        "execution": ids,
        "meaning": meaning,
        "next": next,
    })
}

/// The outcome's kind with the name of an error, and the kind alone. Output, cause and details are the user's.
fn outcome(task: &TaskRecord) -> Option<(String, &'static str)> {
    let State::Decided(decided) = &task.record.state else { return None };
    Some((outcome_words(&decided.outcome), decided.outcome.name()))
}

/// An outcome by its kind, and a failure by its name.
pub(super) fn outcome_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed { error, .. } => format!("failed, {}", printable(error, CHARS)),
        Outcome::Succeeded(_) | Outcome::Canceled { .. } | Outcome::DelegatedTo { .. } => {
            outcome.name().to_owned()
        }
    }
}

/// A receipt in a few words.
pub(super) fn receipt_words(receipt: &Receipt) -> String {
    match receipt {
        Receipt::Recorded { request_id: Some(id) } => format!("recorded, request {}", printable(id, CHARS)),
        Receipt::Recorded { request_id: None } => "recorded".to_owned(),
        Receipt::Closed { closed_by } => format!("closed by {closed_by}"),
        Receipt::Delegated { to } => format!("delegated to {}", printable(to, CHARS)),
    }
}

const NOTHING: &str =
    "Nothing: the service takes no further report. The workflow's history has what it was given.";

fn closed(closed_by: ClosedBy) -> &'static str {
    match closed_by {
        ClosedBy::Us => "The service already had the outcome: the workflow's history says that it is ours.",
        ClosedBy::ProbablyUs => {
            "The service said that the task is closed, probably by an earlier report of the same outcome whose answer was lost."
        }
        ClosedBy::Unknown => {
            "The service said that the task is closed; who closed it is unknown: a timeout, a person, or an earlier report."
        }
        ClosedBy::Other => {
            "The service said that the task is closed by another party: a timeout, a person, or the end of the workflow."
        }
    }
}

/// Whole seconds, rounded up.
pub(super) fn seconds(time: Duration) -> String {
    format!("{} s", time.as_millis().div_ceil(1000))
}
