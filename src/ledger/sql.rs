//! A ledger in an SQL database. The rules and the statements stand once; each database has one thin driver.

#[cfg(any(feature = "mysql", feature = "postgres"))]
mod connections;
mod database;
mod dialect;
mod driver;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod password;
#[cfg(feature = "postgres")]
mod postgres;
mod records;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod roots;
mod row;
mod schema;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod server;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statements;

use std::time::Duration;

use serde::Serialize;
use taskback_core::ledger::{
    self, Claim, ClaimRequest, Claimed, Clock, Lease, Operation, Record, WriteResult,
};
use taskback_core::{Digest, Execution, Fingerprint, Outcome, Receipt};

use super::store::{Ledger, LedgerError};
use crate::future::BoxFuture;
use driver::Failure;
use statements::{Statement, Values, number};

pub use database::SqlLedger;
pub use schema::Finding;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub use server::DatabaseServer;
#[cfg(feature = "mysql")]
pub(super) use server::MYSQL_PORT;
#[cfg(feature = "postgres")]
pub(super) use server::POSTGRES_PORT;

/// The most bytes of an outcome's JSON: with the other columns it fits into the smallest packet that servers take by
/// default, 4 MiB (MySQL 5.7).
const OUTCOME_BYTES: usize = 3 * 1024 * 1024;

/// The most bytes of an owner's name: MySQL's column has room for 255 characters.
const OWNER_BYTES: usize = 255;

/// The times that a claim may find the task changed by others while it is made.
const CLAIM_ROUNDS: u32 = 4;

impl Ledger for SqlLedger {
    fn is_shared(&self) -> bool {
        true
    }

    fn check(&self) -> BoxFuture<'_, Result<(), LedgerError>> {
        Box::pin(self.check_access())
    }

    fn fits(&self, outcome: &Outcome) -> bool {
        serde_json::to_string(outcome).is_ok_and(|json| json.len() <= OUTCOME_BYTES)
    }

    fn claim<'a>(
        &'a self,
        key: &'a Fingerprint,
        request: &'a ClaimRequest<'a>,
    ) -> BoxFuture<'a, Result<Claimed, LedgerError>> {
        Box::pin(async move {
            if request.owner.len() > OWNER_BYTES {
                return Err(self.refused(format!("an owner's name has at most {OWNER_BYTES} bytes")));
            }
            let is_known = *request.execution != Execution::default();
            let values = Values {
                owner: request.owner.to_owned(),
                lease: millis(request.duration),
                input: request.input.map(|input| input.hex()),
                execution: if is_known { Some(self.json(request.execution)?) } else { None },
                ..Self::values(key)
            };
            for _ in 0..CLAIM_ROUNDS {
                if let Some(claimed) = self.claim_row(request, &values).await? {
                    return Ok(claimed);
                }
            }
            let reason = "the task changed again and again while it was claimed";
            Err(self.error(&Failure::Unavailable(reason.to_owned())))
        })
    }

    fn renew<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
        duration: Duration,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        let values = Values { lease: millis(duration), ..Self::lease_values(key, lease) };
        Box::pin(self.apply(&self.statements.renew, Operation::Renew(lease, duration), values))
    }

    fn release<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        let values = Self::lease_values(key, lease);
        // A row that does not meet the condition needs no look: either way the claim is over.
        Box::pin(async move { self.run(&self.statements.release, &values).await.map(|_| ()) })
    }

    fn decide<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        Box::pin(async move {
            let (outcome_json, digest) = (self.json(outcome)?, outcome.digest().hex());
            let values = Values { outcome: outcome_json, digest, ..Self::lease_values(key, lease) };
            self.apply(&self.statements.decide, Operation::Decide(lease, outcome), values).await
        })
    }

    fn replace<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        Box::pin(async move {
            let (outcome_json, digest) = (self.json(outcome)?, outcome.digest().hex());
            let values =
                Values { outcome: outcome_json, digest, decided: decided.hex(), ..Self::values(key) };
            self.apply(&self.statements.replace, Operation::Replace(decided, outcome), values).await
        })
    }

    fn mark_reported<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        receipt: &'a Receipt,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        Box::pin(async move {
            let values = Values { receipt: self.json(receipt)?, decided: decided.hex(), ..Self::values(key) };
            let operation = Operation::MarkReported(decided, receipt);
            self.apply(&self.statements.mark_reported, operation, values).await
        })
    }
}

impl SqlLedger {
    /// Makes a conditional write. Where no row met its condition, the task's row may say that the same write was made
    /// before.
    async fn apply(
        &self,
        statement: &Statement,
        operation: Operation<'_>,
        values: Values,
    ) -> Result<WriteResult, LedgerError> {
        if self.run(statement, &values).await?.written > 0 {
            return Ok(WriteResult::Applied);
        }
        // A row that another program changed says nothing, and least that the write was made.
        let row = self.run(&self.statements.read, &values).await?.row;
        let read = row.and_then(|cells| row::record(&cells));
        Ok(match read.map(|(record, clock)| ledger::transition(&record, &operation, clock)) {
            Some((None, WriteResult::Applied)) => WriteResult::Applied,
            _ => WriteResult::Superseded,
        })
    }

    /// The task's record; `None` = no row.
    async fn read(&self, values: &Values) -> Result<Option<(Record, Clock)>, LedgerError> {
        let Some(cells) = self.run(&self.statements.read, values).await?.row else { return Ok(None) };
        row::record(&cells).map(Some).ok_or_else(|| self.refused("unreadable row"))
    }

    async fn claim_row(
        &self,
        request: &ClaimRequest<'_>,
        values: &Values,
    ) -> Result<Option<Claimed>, LedgerError> {
        let first = Lease { owner: request.owner.to_owned(), epoch: 1 };
        if self.run(&self.statements.insert, values).await?.written > 0 {
            return Ok(Some(Claimed { claim: Claim::Acquired(first), input_differs: false }));
        }
        let is_taken = self.run(&self.statements.take, values).await?.written > 0;
        let Some((record, clock)) = self.read(values).await? else { return Ok(None) };
        let (_, claimed) = ledger::claim(&record, request, clock);
        let Claim::Acquired(lease) = &claimed.claim else { return Ok(Some(claimed)) };
        // It became free after it was tried: its lease ended, or it was released.
        if lease.epoch != record.epoch {
            return Ok(None);
        }
        if !is_taken {
            // The same claim was made before, and its answer was lost.
            let values = Values { epoch: number(lease.epoch), ..values.clone() };
            if self.run(&self.statements.renew, &values).await?.written == 0 {
                return Ok(None);
            }
        }
        Ok(Some(claimed))
    }

    fn values(key: &Fingerprint) -> Values {
        Values { key: key.hex(), ..Values::default() }
    }

    fn lease_values(key: &Fingerprint, lease: &Lease) -> Values {
        Values { owner: lease.owner.clone(), epoch: number(lease.epoch), ..Self::values(key) }
    }

    fn json(&self, value: &impl Serialize) -> Result<String, LedgerError> {
        serde_json::to_string(value).map_err(|_| self.refused("a value that JSON cannot hold"))
    }
}

fn millis(time: Duration) -> i64 {
    // A century is as good as for ever, and the sum with the present time stays a number of the column.
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX).min(100 * 365 * 24 * 3600 * 1000)
}
