//! MySQL and MariaDB, by mysql_async, without its pool.

use std::time::Duration;

use mysql_async::consts::ColumnType;
use mysql_async::prelude::Queryable;
use mysql_async::{Column, Conn, Error, OptsBuilder, Params, Row, SslOpts, Value as Parameter};

use super::connections::{Connector, Login};
use super::dialect::{Dialect, Probe};
use super::driver::{Answer, Cell, Failure, Value};
use super::roots::{UNTRUSTED, roots};
use super::server::DatabaseServer;
use crate::future::BoxFuture;

static MYSQL: Dialect = Dialect {
    name: "mysql",
    // UNIX_TIMESTAMP is an hour wrong in the hour that comes twice, in a session with daylight saving.
    now: "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)",
    // Error 1062 says that the key is there. INSERT IGNORE would also ignore every other error.
    if_absent: "",
    locked: " FOR UPDATE",
    digest: "CHAR(64) CHARACTER SET ascii COLLATE ascii_bin",
    label: "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    // TEXT ends at 64 KiB, without an error where the mode is not strict. JSON would rewrite what it holds.
    text: "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    number: "BIGINT",
    inner_index: ",\n    INDEX taskback_ledger_expires (expires)",
    index: "",
    table: " ENGINE=InnoDB",
    sweep: "DELETE FROM taskback_ledger WHERE expires < {now} LIMIT 1000",
    numbered: false,
    probes: &[
        Probe {
            name: "innodb_flush_log_at_trx_commit",
            query: "SELECT @@innodb_flush_log_at_trx_commit",
            expected: &["1"],
            meaning: "a decision may be lost when the server or its machine fails",
        },
        Probe {
            name: "sync_binlog, where there is a binary log",
            query: "SELECT IF(@@log_bin, @@sync_binlog, 1)",
            expected: &["1"],
            meaning: "a replica may not get a decision when the machine fails",
        },
        Probe {
            name: "read_only",
            query: "SELECT @@read_only",
            expected: &["0"],
            meaning: "this is a replica, or may not be written; connect to the primary",
        },
        Probe {
            name: "max_allowed_packet of at least 4 MiB",
            query: "SELECT IF(@@max_allowed_packet >= 4194304, 'yes', 'no')",
            expected: &["yes"],
            meaning: "a long outcome cannot be recorded",
        },
        Probe {
            name: "engine of the table",
            query: "SELECT engine FROM information_schema.tables \
                    WHERE table_schema = DATABASE() AND table_name = 'taskback_ledger'",
            expected: &["InnoDB"],
            meaning: "a crash of the server may lose rows; ALTER TABLE taskback_ledger ENGINE=InnoDB",
        },
    ],
};

/// A client of MySQL or MariaDB.
pub(super) struct MySql;

impl Connector for MySql {
    type Connection = Conn;
    const KIND: &'static str = "MySQL";
    const DIALECT: &'static Dialect = &MYSQL;

    fn connect(login: &Login) -> BoxFuture<'_, Result<Conn, Failure>> {
        Box::pin(async move {
            let Login { server, password } = login;
            let options = OptsBuilder::default()
                .ip_or_hostname(&server.host)
                .tcp_port(server.port)
                .user(Some(&server.user))
                .pass(password.read().await?)
                .db_name(Some(&server.database))
                // A renewal in the same millisecond changes no row, and must not look lost.
                .client_found_rows(true)
                // Otherwise it asks the server for each, and on loopback connects again by its socket.
                .max_allowed_packet(Some(16 * 1024 * 1024))
                .wait_timeout(Some(28_800))
                .prefer_socket(false)
                .tcp_keepalive(Some(Duration::from_secs(60)))
                .ssl_opts(if server.tls { Some(tls(server)?) } else { None });
            let connection = Conn::new(options).await;
            connection.map_err(|error| {
                if matches!(&error, Error::Server(error) if error.code == 1045) {
                    password.forget();
                }
                failure(&error)
            })
        })
    }

    fn execute<'a>(
        connection: &'a mut Conn,
        sql: &'a str,
        values: &'a [Value<'a>],
    ) -> BoxFuture<'a, Result<Answer, Failure>> {
        Box::pin(async move {
            match query(connection, sql, values).await {
                Ok(answer) => Ok(answer),
                // An insert of a key that is there.
                Err(Error::Server(error)) if error.code == 1062 => Ok(Answer::default()),
                Err(error) => Err(failure(&error)),
            }
        })
    }
}

fn tls(server: &DatabaseServer) -> Result<SslOpts, Failure> {
    let roots = roots(server.ca.as_deref())?.into_iter().map(|root| root.to_vec().into()).collect();
    Ok(SslOpts::default().with_root_certs(roots).with_disable_built_in_roots(true))
}

async fn query(connection: &mut Conn, sql: &str, values: &[Value<'_>]) -> Result<Answer, Error> {
    // A server prepares most statements, but not those of an administrator.
    if values.is_empty() {
        let mut result = connection.query_iter(sql).await?;
        let first: Option<Row> = result.next().await?;
        let written = result.affected_rows();
        result.drop_result().await?;
        return Ok(Answer { written, row: first.map(cells) });
    }
    let parameters = values.iter().map(|value| match value {
        Value::Text(None) => Parameter::NULL,
        Value::Text(Some(text)) => Parameter::Bytes(text.as_bytes().to_vec()),
        Value::Number(number) => Parameter::Int(*number),
    });
    let mut result = connection.exec_iter(sql, Params::Positional(parameters.collect())).await?;
    let first: Option<Row> = result.next().await?;
    let written = result.affected_rows();
    result.drop_result().await?;
    Ok(Answer { written, row: first.map(cells) })
}

fn cells(row: Row) -> Vec<Cell> {
    let columns = row.columns();
    let cell = |(value, column): (Parameter, &Column)| match value {
        Parameter::Int(number) => Cell::Number(number),
        Parameter::UInt(number) => i64::try_from(number).map_or(Cell::Null, Cell::Number),
        Parameter::Bytes(bytes) => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            match text.parse() {
                Ok(number) if is_number(column) => Cell::Number(number),
                _ => Cell::Text(text),
            }
        }
        _ => Cell::Null,
    };
    row.unwrap().into_iter().zip(columns.iter()).map(cell).collect()
}

/// Statements without parameters answer in text.
fn is_number(column: &Column) -> bool {
    matches!(column.column_type(), ColumnType::MYSQL_TYPE_LONGLONG | ColumnType::MYSQL_TYPE_LONG)
}

/// The failure by its code: the text may name values.
fn failure(error: &Error) -> Failure {
    let code = match error {
        Error::Server(error) => error.code,
        Error::Io(error) if is_tls(error) => return Failure::Refused(UNTRUSTED.to_owned()),
        Error::Driver(mysql_async::DriverError::NoClientSslFlagFromServer) => {
            return Failure::Refused(UNTRUSTED.to_owned());
        }
        _ => return Failure::Broken("no connection, or it broke".to_owned()),
    };
    match code {
        // Deadlock, lock wait timeout: in autocommit the statement wrote nothing.
        1213 | 1205 | 3101 => Failure::Conflict(code.to_string()),
        // The server ends, ended this connection, or forgot its prepared statement.
        1053 | 1077 | 1079 | 1152 | 1243 | 1615 | 1927 | 4031 => Failure::Broken(code.to_string()),
        // Too many connections, no memory, no room, only reads, was stopped.
        1040 | 1047 | 1041 | 1037 | 1021 | 1114 | 1203 | 1290 | 1317 | 1792 | 1836 | 3024 | 1969 => {
            Failure::Unavailable(code.to_string())
        }
        1146 => {
            Failure::Refused(format!("{code}: its tables are missing; run `taskback ledger init --apply`"))
        }
        1142 | 1143 | 1227 => Failure::Refused(format!("{code}: the user lacks a permission on the tables")),
        1044 | 1045 | 1130 | 1698 => Failure::Refused(format!("{code}: user or password refused")),
        1049 => Failure::Refused(format!("{code}: there is no such database")),
        _ => Failure::Refused(code.to_string()),
    }
}

/// The library hands a failed handshake on as an I/O error around that of rustls.
fn is_tls(error: &mysql_async::IoError) -> bool {
    match error {
        mysql_async::IoError::Io(error) => error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()),
        mysql_async::IoError::Tls(_) => true,
    }
}
