//! A kind of database, as far as the tests of all kinds know it.

use taskback::ledger::SqlLedger;
use taskback::{Clients, Settings};

/// A kind of database that the tests make databases of.
pub(crate) trait Database {
    /// The error of a database without tables.
    const MISSING: &'static str;

    /// The number of owners that race, each with connections of its own.
    const OWNERS: usize;

    /// Makes an empty database and returns its URL.
    async fn database(&self) -> String;

    /// A ledger in an empty database, with its tables.
    async fn ledger(&self) -> SqlLedger {
        let ledger = open(&self.database().await);
        ledger.init().await.unwrap();
        ledger
    }
}

pub(crate) fn open(url: &str) -> SqlLedger {
    let settings = Settings::from_vars([("TASKBACK_LEDGER".into(), url.into())]).unwrap();
    SqlLedger::open(&Clients::without_aws(&settings)).unwrap()
}
