//! PostgreSQL, by tokio-postgres: one round trip a statement, by unnamed statements, which poolers take.

mod tls;

use std::error::Error as _;
use std::io;
use std::pin::Pin;

use futures_util::TryStreamExt;
use futures_util::future::{Either, select};
use tokio::net::TcpStream;
use tokio_postgres::config::SslMode;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, Error, NoTls, Row};

use super::connections::{Connector, Login};
use super::dialect::{Dialect, Probe};
use super::driver::{Answer, Cell, Failure, Value};
use super::roots::UNTRUSTED;
use crate::future::BoxFuture;
use tls::Tls;

static POSTGRES: Dialect = Dialect {
    name: "postgres",
    now: "(extract(epoch FROM statement_timestamp()) * 1000)::bigint",
    if_absent: " ON CONFLICT (fingerprint) DO NOTHING",
    locked: " FOR UPDATE",
    digest: "text COLLATE \"C\"",
    label: "text COLLATE \"C\"",
    text: "text COLLATE \"C\"",
    number: "bigint",
    inner_index: "",
    index: "CREATE INDEX IF NOT EXISTS taskback_ledger_expires ON taskback_ledger (expires)",
    table: "",
    sweep: "DELETE FROM taskback_ledger WHERE fingerprint IN \
            (SELECT fingerprint FROM taskback_ledger WHERE expires < {now} LIMIT 1000 FOR UPDATE SKIP LOCKED)",
    numbered: true,
    probes: &[
        Probe {
            name: "synchronous_commit",
            query: "SHOW synchronous_commit",
            expected: &["on", "remote_apply", "remote_write", "local"],
            meaning: "a decision may be lost when the server fails",
        },
        Probe {
            name: "fsync",
            query: "SHOW fsync",
            expected: &["on"],
            meaning: "decisions may be lost when the machine fails",
        },
        Probe {
            name: "full_page_writes",
            query: "SHOW full_page_writes",
            expected: &["on"],
            meaning: "the database may be damaged when the machine fails",
        },
        Probe {
            name: "transaction_read_only",
            query: "SHOW transaction_read_only",
            expected: &["off"],
            meaning: "this is a replica, or may not be written; connect to the primary",
        },
        Probe {
            name: "persistence of the table",
            query: "SELECT CASE relpersistence WHEN 'p' THEN 'permanent' ELSE 'unlogged' END \
                    FROM pg_class WHERE oid = to_regclass('taskback_ledger')",
            expected: &["permanent"],
            meaning: "a crash of the server empties it; ALTER TABLE taskback_ledger SET LOGGED",
        },
    ],
};

/// A client of PostgreSQL.
pub(super) struct Postgres;

/// A connection of tokio-postgres.
pub(super) struct Connection {
    client: Client,
    /// The other half, which moves bytes while it is polled: with each statement, so that no task outlives a connection.
    wire: Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>,
}

impl Connector for Postgres {
    type Connection = Connection;
    const KIND: &'static str = "PostgreSQL";
    const DIALECT: &'static Dialect = &POSTGRES;

    fn connect(login: &Login) -> BoxFuture<'_, Result<Connection, Failure>> {
        Box::pin(async move {
            let Login { server, password } = login;
            let mut config = Config::new();
            config.user(&server.user).dbname(&server.database).application_name("taskback");
            if let Some(password) = password.read().await? {
                config.password(password);
            }
            let tls = if server.tls { Some(Tls::new(server)?) } else { None };
            let address = (&*server.host, server.port);
            let stream = TcpStream::connect(address).await;
            let stream = stream.map_err(|_| Failure::Broken("no connection".to_owned()))?;
            // Small packets at once; without it a statement may wait for an acknowledgement.
            let _slower_without = stream.set_nodelay(true);
            let connection = match tls {
                Some(tls) => {
                    config.ssl_mode(SslMode::Require);
                    config.connect_raw(stream, tls).await.map(|(client, wire)| (client, boxed(wire)))
                }
                None => {
                    config.ssl_mode(SslMode::Disable);
                    config.connect_raw(stream, NoTls).await.map(|(client, wire)| (client, boxed(wire)))
                }
            };
            let (client, wire) = connection.map_err(|error| {
                if error.code().is_some_and(|code| code.code().starts_with("28")) {
                    password.forget();
                }
                failure(&error)
            })?;
            Ok(Connection { client, wire })
        })
    }

    fn execute<'a>(
        connection: &'a mut Connection,
        sql: &'a str,
        values: &'a [Value<'a>],
    ) -> BoxFuture<'a, Result<Answer, Failure>> {
        Box::pin(async move {
            let Connection { client, wire } = connection;
            let query = std::pin::pin!(query(client, sql, values));
            match select(query, &mut *wire).await {
                Either::Left((answer, _)) => answer.map_err(|error| failure(&error)),
                Either::Right((ended, query)) => {
                    // The query ends with the wire's channels. An error of the server's own says more than the wire's.
                    *wire = Box::pin(std::future::pending());
                    match query.await {
                        Ok(answer) => Ok(answer),
                        Err(error) if error.code().is_some() => Err(failure(&error)),
                        Err(_) => Err(ended.map_or_else(|error| failure(&error), |()| broken())),
                    }
                }
            }
        })
    }
}

fn boxed(
    wire: impl Future<Output = Result<(), Error>> + Send + 'static,
) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send>> {
    Box::pin(wire)
}

async fn query(client: &Client, sql: &str, values: &[Value<'_>]) -> Result<Answer, Error> {
    let texts: Vec<Option<&str>> = values.iter().map(|value| value.text()).collect();
    let numbers: Vec<i64> = values.iter().map(|value| value.number()).collect();
    let parameters =
        values.iter().zip(texts.iter().zip(&numbers)).map(|(value, (text, number))| match value {
            Value::Text(_) => (text as &(dyn ToSql + Sync), Type::TEXT),
            Value::Number(_) => (number as &(dyn ToSql + Sync), Type::INT8),
        });
    let parameters: Vec<_> = parameters.collect();
    let mut rows = std::pin::pin!(client.query_typed_raw(sql, parameters).await?);
    let mut first = None;
    while let Some(row) = rows.try_next().await? {
        first.get_or_insert(row);
    }
    let written = rows.rows_affected().unwrap_or_default();
    Ok(Answer { written, row: first.map(|row| cells(&row)) })
}

fn cells(row: &Row) -> Vec<Cell> {
    let cell = |column: usize| match row.try_get::<_, Option<i64>>(column) {
        Ok(number) => number.map_or(Cell::Null, Cell::Number),
        Err(_) => match row.try_get::<_, Option<String>>(column) {
            Ok(text) => text.map_or(Cell::Null, Cell::Text),
            Err(_) => Cell::Null,
        },
    };
    (0..row.len()).map(cell).collect()
}

/// The failure by its code: the text may name values.
fn failure(error: &Error) -> Failure {
    let Some(code) = error.code().map(|code| code.code().to_owned()) else {
        return if is_tls(error) { Failure::Refused(UNTRUSTED.to_owned()) } else { broken() };
    };
    match &*code {
        // Serialization failure, deadlock: nothing was written.
        "40001" | "40P01" => Failure::Conflict(code),
        // The server ends, or ended this connection.
        "57P01" | "57P02" | "57P05" => Failure::Broken(code),
        // It starts, has no room, only reads, was stopped, or waits for a lock.
        "57P03" | "25006" | "57014" | "55P03" => Failure::Unavailable(code),
        _ if code.starts_with("08") => Failure::Broken(code),
        _ if code.starts_with("53") || code.starts_with("58") => Failure::Unavailable(code),
        "42P01" | "3F000" => {
            Failure::Refused(format!("{code}: its tables are missing; run `taskback ledger init --apply`"))
        }
        "42501" => Failure::Refused(format!("{code}: the user lacks a permission on the tables")),
        "28P01" | "28000" => Failure::Refused(format!("{code}: user or password refused")),
        "3D000" => Failure::Refused(format!("{code}: there is no such database")),
        _ => Failure::Refused(code),
    }
}

fn broken() -> Failure {
    Failure::Broken("the connection broke".to_owned())
}

/// Whether TLS itself failed; a handshake that broke says nothing.
fn is_tls(error: &Error) -> bool {
    let Some(cause) = error.source() else { return false };
    let rejected = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    // The library shows in the text only that the server has none.
    rejected.is_some_and(|error| error.is::<rustls::Error>())
        || cause.to_string().contains("does not support TLS")
}
