//! MariaDB, on a server of the tests' own.

use super::every_server::every_server;
use super::server::Kind;

const KIND: Kind = Kind::MariaDb;

every_server!(KIND, "CREATE USER NAME IDENTIFIED BY 'SECRET'", dangerous_changes);

fn dangerous_changes(_database: &str) -> Vec<(String, &'static str)> {
    let engine = "ALTER TABLE taskback_ledger ENGINE=MyISAM".to_owned();
    vec![(engine, "engine of the table is MyISAM, expected InnoDB")]
}
