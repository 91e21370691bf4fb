//! The store of claims and decided outcomes, by fingerprint.
//!
//! [`taskback_core::ledger`] has the rules: Absent → Running(owner, epoch, lease) → Decided(outcome) →
//! Reported(receipt). Each store is a file, with one line in [`LedgerConfig`] and in `connect`.

mod config;
#[cfg(feature = "dynamodb")]
mod dynamodb;
mod memory;
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
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub use sql::DatabaseServer;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
pub use sql::{Finding, SqlLedger};
pub use store::{Ledger, LedgerError};
pub use taskback_core::ledger::{Claim, ClaimRequest, Claimed, Lease, WriteResult};

/// Returns the ledger of the clients' settings.
pub(crate) fn connect(clients: &Clients) -> Result<Arc<dyn Ledger>, Error> {
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
