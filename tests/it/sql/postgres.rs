//! PostgreSQL, on a server of the tests' own.

use super::every_server::every_server;
use super::server::Kind;

const KIND: Kind = Kind::Postgres;

every_server!(KIND, "CREATE USER NAME PASSWORD 'SECRET'", dangerous_changes);

fn dangerous_changes(database: &str) -> Vec<(String, &'static str)> {
    let set = |setting: &str| format!("ALTER DATABASE {database} SET {setting}");
    vec![
        (set("synchronous_commit = off"), "synchronous_commit is off, expected on"),
        ("ALTER TABLE taskback_ledger SET UNLOGGED".to_owned(), "persistence of the table is unlogged"),
        (set("default_transaction_read_only = on"), "25006"),
    ]
}
