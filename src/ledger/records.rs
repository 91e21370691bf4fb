//! The records of a ledger, for operators and their tools.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use taskback_core::ledger::{Clock, Record, State, WriteResult};
use taskback_core::{Fingerprint, printable};

use super::store::{Ledger, LedgerError};
use crate::future::BoxFuture;

/// A ledger whose records can be looked at. Only tools use it: what a worker does with a task is decided by the
/// conditional writes of [`Ledger`] alone, and a record may have changed by the time it is shown.
///
/// The permissions are those of each call: see there. `read` and `search` write nothing.
///
/// ```
/// use taskback::ledger::{LedgerRecords, Memory};
/// use taskback::{Service, TaskToken};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = TaskToken::new(Service::Swf, "the-token")?.fingerprint();
/// assert!(Memory::default().read(&key).await?.is_none());
/// # Ok(()) }
/// ```
pub trait LedgerRecords: Ledger {
    /// Returns the task's record; `None` = the ledger has none. It needs `dynamodb:GetItem`, or SELECT.
    fn read<'a>(&'a self, key: &'a Fingerprint) -> BoxFuture<'a, Result<Option<TaskRecord>, LedgerError>>;

    /// Returns the records that match, at most [`MAX_FOUND`]. It reads the whole table, unless a database finds the start
    /// of a fingerprint by its index. It needs `dynamodb:Scan`, or SELECT.
    fn search<'a>(&'a self, query: &'a RecordQuery) -> BoxFuture<'a, Result<FoundRecords, LedgerError>>;

    /// Ends the claim of that epoch, for an owner that is known to be dead, and raises the epoch: an owner that lives after
    /// all can neither renew its lease nor record an outcome. `Superseded` = the task does not run under that epoch. It
    /// needs the permission of every other write.
    fn revoke<'a>(
        &'a self,
        key: &'a Fingerprint,
        epoch: u64,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>>;
}

/// The most records that a search returns.
pub const MAX_FOUND: usize = 20;

/// A task's record, with what a store holds beside it for people.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TaskRecord {
    /// The task.
    pub fingerprint: Fingerprint,
    /// The record.
    pub record: Record,
    /// The owner of the last claim.
    pub owner: Option<String>,
    /// The ids of the workflow by their names, where the message had them.
    pub execution: Vec<(String, String)>,
    /// The time of the store when it was read.
    pub(super) clock: Clock,
}

/// The records that a search found.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FoundRecords {
    /// The records, in no particular order.
    pub records: Vec<TaskRecord>,
    /// True where the search ended early, because it found [`MAX_FOUND`] or its time was over.
    pub is_partial: bool,
}

/// The text that a search looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordQuery {
    /// The first digits of a fingerprint: 8 or more, in lower case.
    FingerprintStart(String),
    /// An id of the workflow, or several joined by `/`, as `workflow` in the log has them.
    WorkflowId(String),
}

/// The longest id that is looked for or shown.
const ID_CHARS: usize = 1024;

impl TaskRecord {
    /// Returns the time until another owner may claim the task; `None` = it does not run.
    pub fn lease_left(&self) -> Option<Duration> {
        match self.record.state {
            State::Running { ends, .. } => {
                Some(ends.saturating_add(self.clock.skew).saturating_sub(self.clock.now))
            }
            State::Absent | State::Decided(_) | State::Reported { .. } => None,
        }
    }

    /// The ids of a JSON object. What is not as this program writes it is left out.
    #[cfg_attr(
        not(any(feature = "dynamodb", feature = "mysql", feature = "postgres", feature = "sqlite")),
        allow(dead_code, reason = "memory holds no ids")
    )]
    pub(super) fn ids(json: Option<&str>) -> Vec<(String, String)> {
        let Some(Ok(Value::Object(ids))) = json.map(serde_json::from_str) else { return Vec::new() };
        let text = |value: &Value| match value {
            Value::String(text) => Some(printable(text, ID_CHARS)),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        ids.iter().filter_map(|(name, id)| Some((printable(name, 64), text(id)?))).collect()
    }
}

impl RecordQuery {
    /// The query of a text: the first digits of a fingerprint where it can be that, or an id. The error is what was
    /// expected.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        match text.chars().count() {
            8..=64 if text.bytes().all(is_hex) => Ok(Self::FingerprintStart(text.to_owned())),
            1..=ID_CHARS => Ok(Self::WorkflowId(text.to_owned())),
            _ => Err("a fingerprint, its first 8 digits or more, or an id of the workflow"),
        }
    }

    /// Whether a record is meant: a store may return more.
    pub(super) fn matches(&self, found: &TaskRecord) -> bool {
        match self {
            Self::FingerprintStart(start) => found.fingerprint.hex().starts_with(start),
            Self::WorkflowId(id) => is_composed(id, &found.execution),
        }
    }

    /// The texts that a store's JSON of ids holds, both of them, where its record may be meant: the start of the first id,
    /// and the end of the last one. An id may hold `/` itself, so both may be of one. A number stands without quotes.
    #[cfg(any(feature = "dynamodb", feature = "mysql", feature = "postgres", feature = "sqlite"))]
    pub(super) fn json_ends(id: &str) -> [String; 2] {
        let json = |part: Option<&str>| match part.unwrap_or(id) {
            number if number.parse::<i64>().is_ok() => number.to_owned(),
            text => Value::from(text).to_string(),
        };
        let (first, last) = (json(id.split('/').next()), json(id.rsplit('/').next()));
        [first.strip_suffix('"').unwrap_or(&first), last.strip_prefix('"').unwrap_or(&last)]
            .map(str::to_owned)
    }
}

/// Whether the text is one of the ids, or several of them joined by `/`. An id may hold `/` itself.
fn is_composed(text: &str, ids: &[(String, String)]) -> bool {
    // Each place is looked at once, however many ways lead there.
    let mut starts = BTreeSet::from([0]);
    while let Some(start) = starts.pop_first() {
        let rest = &text[start..];
        for (_, id) in ids {
            match rest.strip_prefix(id.as_str()) {
                Some("") => return true,
                Some(next) if next.starts_with('/') => starts.insert(start + id.len() + 1),
                _ => continue,
            };
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(execution: &str) -> TaskRecord {
        TaskRecord {
            fingerprint: Fingerprint::from_hex(&"ab".repeat(32)).unwrap(),
            record: Record::default(),
            owner: None,
            execution: TaskRecord::ids(Some(execution)),
            clock: Clock { now: Duration::ZERO, skew: Duration::ZERO },
        }
    }

    #[test]
    fn query_is_by_fingerprint_or_id() {
        let found = record(r#"{"workflowId":"order/7","activityId":"pay","startedEventId":12,"odd":[]}"#);
        for (text, expected) in [
            ("abababab", true),
            ("abababac", false),
            ("order/7", true),
            ("pay", true),
            ("12", true),
            ("order", false),
            ("pay/12", true),
            ("pay/other", false),
            ("order/7/pay", true),
            ("pay/order/7/12", true),
            ("order/7/", false),
            ("/order/7", false),
            ("order/7/pay/", false),
            ("7/pay", false),
        ] {
            assert_eq!(RecordQuery::parse(text).unwrap().matches(&found), expected, "{text}");
        }
        assert!(RecordQuery::parse("").is_err());
        assert_eq!(found.execution.len(), 3);
    }

    /// A row of another program may have any ids: these can be joined in a great many ways.
    #[test]
    fn ids_within_ids_are_bounded() {
        let ids: Vec<String> = (1..40).map(|n| format!("\"{n}\":\"{}a\"", "a/".repeat(n))).collect();
        let found = record(&format!("{{{}}}", ids.join(",")));
        let query = RecordQuery::parse(&format!("{}b", "a/".repeat(500))).unwrap();
        assert!(!query.matches(&found));
    }

    #[test]
    fn foreign_ids_are_left_out() {
        for json in ["", "7", "[]", "{\"a\":{}}"] {
            assert!(record(json).execution.is_empty(), "{json}");
        }
    }
}
