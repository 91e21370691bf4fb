//! The store of claims and decided outcomes, by fingerprint.
//!
//! [`taskback_core::ledger`] has the rules: Absent → Running(owner, epoch, lease) → Decided(outcome) →
//! Reported(receipt). Each store is a file, with one line in [`LedgerConfig`] and in `connect`.

mod config;
#[cfg(feature = "dynamodb")]
mod dynamodb;
mod memory;
mod records;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod sql;
mod store;

use std::sync::Arc;

use crate::aws::Clients;
use crate::error::Error;

pub use config::LedgerConfig;
#[cfg(feature = "dynamodb")]
pub use dynamodb::DynamoDb;
pub use memory::Memory;
pub use records::{FoundRecords, LedgerRecords, MAX_FOUND, RecordQuery, TaskRecord};
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub use sql::DatabaseServer;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
pub use sql::{Finding, SqlLedger};
pub use store::{Ledger, LedgerError};
pub use taskback_core::ledger::{Claim, ClaimRequest, Claimed, Lease, Record, State, WriteResult};

/// Returns the records of the ledger that the clients' settings name.
///
/// ```no_run
/// use taskback::{Clients, Settings};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let clients = Clients::connect(&Settings::from_env()?).await;
/// let query = taskback::ledger::RecordQuery::parse("order-7")?;
/// for found in taskback::ledger::open_records(&clients)?.search(&query).await?.records {
///     println!("{} {:?}", found.fingerprint.short(), found.record.state);
/// }
/// # Ok(()) }
/// ```
pub fn open_records(clients: &Clients) -> Result<Arc<dyn LedgerRecords>, Error> {
    connect(clients)
}

/// Returns the ledger of the clients' settings.
pub(crate) fn connect(clients: &Clients) -> Result<Arc<dyn LedgerRecords>, Error> {
    match clients.ledger() {
        LedgerConfig::Memory => Ok(Arc::new(Memory::default())),
        #[cfg(feature = "dynamodb")]
        LedgerConfig::DynamoDb { .. } if !clients.has_aws_region() => Err(Error::new(
            crate::error::ErrorKind::Settings,
            "TASKBACK_LEDGER is in DynamoDB, which needs AWS_REGION",
        )),
        #[cfg(feature = "dynamodb")]
        LedgerConfig::DynamoDb { table } => Ok(Arc::new(DynamoDb::new(clients.dynamodb(), table))),
        #[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
        config => match SqlLedger::open(clients) {
            Some(ledger) => Ok(Arc::new(ledger)),
            None => Err(Error::new(
                crate::error::ErrorKind::Settings,
                format!("TASKBACK_LEDGER: no store of {config}"),
            )),
        },
    }
}
