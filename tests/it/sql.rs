//! The ledgers in SQL databases: the same tests on files of SQLite and on real servers.

pub(crate) mod database;
mod every_database;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod every_server;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod killed;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod login;
#[cfg(feature = "mysql")]
mod mariadb;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod proxy;
mod races;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) mod server;
#[cfg(feature = "sqlite")]
mod sqlite;
mod suite;
mod tables;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod trouble;
