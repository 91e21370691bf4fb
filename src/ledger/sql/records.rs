//! The rows of a ledger, for operators.

use std::time::Duration;

use taskback_core::Fingerprint;
use taskback_core::ledger::{Operation, WriteResult};
use tokio::time::Instant;

use super::database::SqlLedger;
use super::driver::Cell;
use super::row;
use super::statements::{Values, number};
use crate::future::BoxFuture;
use crate::ledger::records::{FoundRecords, LedgerRecords, MAX_FOUND, RecordQuery, TaskRecord};
use crate::ledger::store::LedgerError;

/// The time after which a search ends with what it has found.
const SEARCH_TIME: Duration = Duration::from_secs(30);

/// The rows that a search may look at one by one: a store's comparison finds a little more than is meant.
const MAX_ROWS: usize = 200;

impl LedgerRecords for SqlLedger {
    fn read<'a>(&'a self, key: &'a Fingerprint) -> BoxFuture<'a, Result<Option<TaskRecord>, LedgerError>> {
        Box::pin(async move {
            let answer = self.run(&self.statements.look, &Self::values(key)).await?;
            answer.row.map(|cells| self.task_record(&cells)).transpose()
        })
    }

    fn search<'a>(&'a self, query: &'a RecordQuery) -> BoxFuture<'a, Result<FoundRecords, LedgerError>> {
        Box::pin(async move {
            let (statement, [pattern, part]) = match query {
                RecordQuery::FingerprintStart(start) => {
                    (&self.statements.look_by_start, [format!("{start}%"), String::new()])
                }
                RecordQuery::WorkflowId(id) => {
                    let pattern = |text: String| format!("%{}%", escaped(&text));
                    (&self.statements.look_by_id, RecordQuery::json_ends(id).map(pattern))
                }
            };
            let mut values = Values { pattern, part, ..Values::default() };
            let mut found = FoundRecords::default();
            let end = Instant::now() + SEARCH_TIME;
            // A driver returns one row a statement, so the search goes on behind the last one.
            for _ in 0..MAX_ROWS {
                let Some(cells) = self.run(statement, &values).await?.row else { return Ok(found) };
                values.after = cells.get(KEY).and_then(Cell::text).unwrap_or_default().to_owned();
                // A row of another program is none of ours to show.
                let record = self.task_record(&cells).ok().filter(|record| query.matches(record));
                found.records.extend(record);
                if found.records.len() >= MAX_FOUND || Instant::now() >= end {
                    break;
                }
            }
            found.is_partial = true;
            Ok(found)
        })
    }

    fn revoke<'a>(
        &'a self,
        key: &'a Fingerprint,
        epoch: u64,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        let values = Values { epoch: number(epoch), ..Self::values(key) };
        Box::pin(self.apply(&self.statements.revoke, Operation::Revoke(epoch), values))
    }
}

/// The columns of `look` behind those that [`row::record`] reads.
const KEY: usize = row::COLUMNS;

impl SqlLedger {
    fn task_record(&self, cells: &[Cell]) -> Result<TaskRecord, LedgerError> {
        let read = || {
            let (record, clock) = row::record(cells.get(..row::COLUMNS)?)?;
            let fingerprint = Fingerprint::from_hex(cells.get(KEY)?.text()?)?;
            let owner = cells.get(row::OWNER)?.text().map(str::to_owned);
            let execution = TaskRecord::ids(cells.get(KEY + 1)?.text());
            Some(TaskRecord { fingerprint, record, owner, execution, clock })
        };
        read().ok_or_else(|| self.refused("unreadable row"))
    }
}

/// The text within a pattern of LIKE whose escape is `!`.
fn escaped(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}
