//! The part of a database's driver: one statement, run once.

use std::fmt;

use super::dialect::Dialect;
use crate::future::BoxFuture;

/// A database, reached through one client library.
pub(crate) trait Driver: Send + Sync + 'static {
    /// The words in which the database's SQL differs.
    fn dialect(&self) -> &'static Dialect;

    /// The database, for errors: without user and password.
    fn place(&self) -> &str;

    /// Makes the database itself, where a program does that.
    fn create(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Runs one statement in autocommit, once, in bounded time. After a failure the next statement has a new
    /// connection.
    fn run<'a>(&'a self, sql: &'a str, values: Vec<Value<'a>>) -> BoxFuture<'a, Result<Answer, Failure>>;
}

/// A parameter of a statement.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Text(Option<&'a str>),
    Number(i64),
}

/// The answer to a statement.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The rows that the statement wrote, or found for a write that changed nothing in them.
    pub(crate) written: u64,
    /// The first row that it returned.
    pub(crate) row: Option<Vec<Cell>>,
}

/// A field of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Null,
    Text(String),
    Number(i64),
}

/// A statement without an answer. The texts are codes and fixed words: a database's own text may quote the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nothing was written, because of a concurrent statement: run it again at once.
    #[cfg_attr(
        not(any(feature = "mysql", feature = "postgres")),
        expect(dead_code, reason = "SQLite waits for the statements of others itself")
    )]
    Conflict(String),
    /// The connection broke, or is silent: whether the statement was performed is unknown.
    Broken(String),
    /// The database cannot serve at present: it starts, has no room, or only reads.
    Unavailable(String),
    /// Waiting does not help: a table, a permission or a password is missing.
    Refused(String),
}

/// The reason alone.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Conflict(reason)
        | Self::Broken(reason)
        | Self::Unavailable(reason)
        | Self::Refused(reason)) = self;
        f.write_str(reason)
    }
}

impl Answer {
    pub(crate) fn texts(self) -> Vec<Option<String>> {
        let cells = self.row.unwrap_or_default().into_iter();
        cells.map(Cell::into_text).collect()
    }
}

#[cfg(feature = "postgres")]
impl<'a> Value<'a> {
    pub(crate) fn text(self) -> Option<&'a str> {
        if let Self::Text(text) = self { text } else { None }
    }

    pub(crate) fn number(self) -> i64 {
        if let Self::Number(number) = self { number } else { 0 }
    }
}

impl Cell {
    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn number(&self) -> Option<i64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// The field as it is printed; `None` = NULL.
    fn into_text(self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(number.to_string()),
        }
    }
}
