//! The items of a ledger, for operators.

use std::time::Duration;

use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_dynamodb::operation::scan::ScanOutput;
use taskback_core::Fingerprint;
use taskback_core::ledger::{Clock, Operation, WriteResult};
use tokio::time::{Instant, timeout, timeout_at};

use super::item::{self, Item};
use super::table_ledger::{CLOCK_SKEW, DynamoDb};
use super::write::{Update, names, number, text};
use crate::future::BoxFuture;
use crate::ledger::records::{FoundRecords, LedgerRecords, MAX_FOUND, RecordQuery, TaskRecord};
use crate::ledger::store::LedgerError;

/// The time of one read.
const PATIENCE: Duration = Duration::from_secs(10);

/// The time after which a search ends with what it has found. DynamoDB reads up to 1 MB a call.
const SEARCH_TIME: Duration = Duration::from_secs(60);

/// The task runs under that epoch.
const IS_RUNNING: &str = "#state = :running AND #epoch = :epoch";

/// It needs `dynamodb:GetItem` for `read`, `dynamodb:Scan` for `search`, and `dynamodb:UpdateItem` for `revoke`.
impl LedgerRecords for DynamoDb {
    fn read<'a>(&'a self, key: &'a Fingerprint) -> BoxFuture<'a, Result<Option<TaskRecord>, LedgerError>> {
        Box::pin(async move {
            let get = self.table.client.get_item().table_name(&self.table.name).consistent_read(true);
            let sent = timeout(PATIENCE, get.key("fingerprint", text(&key.hex())).send()).await;
            let answer = sent.map_err(|_| self.late())?;
            let answer = answer.map_err(|error| self.table.error(&error, "dynamodb:GetItem"))?;
            if answer.request_id().is_none() {
                return Err(self.table.not_from_dynamodb());
            }
            let Some(item) = answer.item else { return Ok(None) };
            self.task_record(&item).map(Some).ok_or_else(|| self.table.refused("unreadable item"))
        })
    }

    fn search<'a>(&'a self, query: &'a RecordQuery) -> BoxFuture<'a, Result<FoundRecords, LedgerError>> {
        Box::pin(async move {
            let (mut found, mut start) = (FoundRecords::default(), None);
            let end = Instant::now() + SEARCH_TIME;
            loop {
                let page = match timeout_at(end, self.page(query, start)).await {
                    Ok(page) => page?,
                    Err(_) => break,
                };
                for item in page.items.unwrap_or_default() {
                    // An item of another program is none of ours to show.
                    found.records.extend(self.task_record(&item).filter(|record| query.matches(record)));
                }
                if found.records.len() >= MAX_FOUND {
                    found.records.truncate(MAX_FOUND);
                    break;
                }
                start = page.last_evaluated_key;
                if start.is_none() {
                    return Ok(found);
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
        let update = "SET #state = :released, #epoch = :next, #expires = :expires REMOVE #leaseUntil";
        let update = Update::new(update, IS_RUNNING)
            .with(":running", text(item::RUNNING))
            .with(":released", text(item::RELEASED))
            .with(":epoch", number(epoch))
            .with(":next", number(epoch.saturating_add(1)))
            .with(":expires", self.expires());
        Box::pin(self.apply(key, Operation::Revoke(epoch), self.now(), update))
    }
}

impl DynamoDb {
    async fn page(&self, query: &RecordQuery, start: Option<Item>) -> Result<ScanOutput, LedgerError> {
        let (filter, values) = match query {
            RecordQuery::FingerprintStart(start) => {
                ("begins_with(#fingerprint, :start)", vec![(":start", text(start))])
            }
            RecordQuery::WorkflowId(id) => {
                let [first, last] = RecordQuery::json_ends(id);
                let values = vec![(":first", text(&first)), (":last", text(&last))];
                ("contains(#execution, :first) AND contains(#execution, :last)", values)
            }
        };
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let scan = self.table.client.scan().table_name(&self.table.name).filter_expression(filter);
        let scan = scan
            .set_expression_attribute_names(Some(names(filter).collect()))
            .set_expression_attribute_values(Some(values))
            .set_exclusive_start_key(start);
        let page = scan.send().await.map_err(|error| self.table.error(&error, "dynamodb:Scan"))?;
        if page.request_id().is_none() {
            return Err(self.table.not_from_dynamodb());
        }
        Ok(page)
    }

    fn task_record(&self, item: &Item) -> Option<TaskRecord> {
        Some(TaskRecord {
            fingerprint: Fingerprint::from_hex(item::text(item, "fingerprint")?)?,
            record: item::record(item)?,
            owner: item::text(item, "owner").map(str::to_owned),
            execution: TaskRecord::ids(item::text(item, "execution")),
            clock: Clock { now: self.now(), skew: CLOCK_SKEW },
        })
    }

    fn late(&self) -> LedgerError {
        self.table.unavailable("no answer in time")
    }
}
