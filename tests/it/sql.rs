//! The ledgers in SQL databases: one suite, run on a file of SQLite and on real servers.

#[cfg(feature = "sqlite")]
mod sqlite;
mod suite;
mod tables;
