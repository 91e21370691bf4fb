//! SQLite: a file that the processes of one machine share.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Error, ErrorCode, OpenFlags, ToSql, params_from_iter};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::spawn_blocking;

use super::dialect::{Dialect, Probe};
use super::driver::{Answer, Cell, Driver, Failure, Value};
use crate::future::BoxFuture;

static SQLITE: Dialect = Dialect {
    name: "sqlite",
    now: "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
    if_absent: " ON CONFLICT DO NOTHING",
    locked: "",
    digest: "TEXT",
    label: "TEXT",
    text: "TEXT",
    number: "INTEGER",
    inner_index: "",
    index: "CREATE INDEX IF NOT EXISTS taskback_ledger_expires ON taskback_ledger (expires)",
    table: " STRICT",
    sweep: "DELETE FROM taskback_ledger WHERE fingerprint IN \
            (SELECT fingerprint FROM taskback_ledger WHERE expires < {now} LIMIT 1000)",
    numbered: false,
    probes: &[
        Probe {
            name: "journal_mode",
            query: "PRAGMA journal_mode",
            expected: &["wal"],
            meaning: "readers and writers block each other",
        },
        Probe {
            name: "synchronous",
            query: "PRAGMA synchronous",
            expected: &["2", "3"],
            meaning: "a decision may be lost when the machine fails",
        },
    ],
};

/// The time for which a statement waits for those of other processes.
const BUSY: Duration = Duration::from_secs(2);

/// A database file. One statement runs at a time: SQLite has one writer anyway.
pub(super) struct Sqlite {
    path: PathBuf,
    place: String,
    /// The rights with which it is opened.
    flags: OpenFlags,
    connection: Arc<Mutex<Option<Connection>>>,
}

impl Sqlite {
    pub(super) fn new(path: &Path) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let place = format!("SQLite database {}", path.display());
        Self { path: path.to_owned(), place, flags, connection: Arc::default() }
    }
}

impl Driver for Sqlite {
    fn dialect(&self) -> &'static Dialect {
        &SQLITE
    }

    fn place(&self) -> &str {
        &self.place
    }

    fn create(&self) -> BoxFuture<'_, Result<(), Failure>> {
        let path = self.path.clone();
        Box::pin(async move {
            let work = spawn_blocking(move || refuse_network(&path).and_then(|()| create(&path)));
            work.await.unwrap_or_else(|_| Err(Failure::Broken("the thread of the database ended".to_owned())))
        })
    }

    fn run<'a>(&'a self, sql: &'a str, values: Vec<Value<'a>>) -> BoxFuture<'a, Result<Answer, Failure>> {
        Box::pin(async move {
            // Waiting statements wait here, in order; one that is dropped leaves the line.
            let connection = Arc::clone(&self.connection).lock_owned().await;
            let (path, flags, sql) = (self.path.clone(), self.flags, sql.to_owned());
            let values: Vec<_> = values.into_iter().map(Owned::from).collect();
            let work = spawn_blocking(move || execute(connection, &path, flags, &sql, &values));
            work.await.unwrap_or_else(|_| Err(Failure::Broken("the thread of the database ended".to_owned())))
        })
    }
}

fn execute(
    mut connection: OwnedMutexGuard<Option<Connection>>,
    path: &Path,
    flags: OpenFlags,
    sql: &str,
    values: &[Owned],
) -> Result<Answer, Failure> {
    let open = match connection.take() {
        Some(open) => open,
        None => open(path, flags)?,
    };
    let answer = query(&open, sql, values).map_err(|error| failure(&error));
    // After an error that says nothing of the statement itself the file is opened again: it may be another one now.
    if !matches!(answer, Err(Failure::Broken(_))) {
        *connection = Some(open);
    }
    answer
}

/// Makes an empty file where there is none: for this user alone, since outcomes are in it in clear. SQLite gives its
/// other files the same rights.
fn create(path: &Path) -> Result<(), Failure> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) => {
            Err(Failure::Refused(format!("the file cannot be made: {}; check its folder", error.kind())))
        }
    }
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, Failure> {
    refuse_network(path)?;
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        // Both are those of a connection or a file, and neither is a default.
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        connection.execute_batch("PRAGMA synchronous = FULL")?;
        Ok(connection)
    };
    open().map_err(|error| failure(&error))
}

fn query(connection: &Connection, sql: &str, values: &[Owned]) -> rusqlite::Result<Answer> {
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    if columns == 0 {
        let written = statement.execute(params_from_iter(values))?;
        return Ok(Answer { written: written as u64, row: None });
    }
    let mut rows = statement.query(params_from_iter(values))?;
    let Some(first) = rows.next()? else { return Ok(Answer::default()) };
    let cells = (0..columns).map(|column| first.get_ref(column).map(cell)).collect::<Result<_, _>>()?;
    Ok(Answer { written: 0, row: Some(cells) })
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Integer(number) => Cell::Number(number),
        ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Cell::Null,
    }
}

/// A parameter that another thread may hold.
enum Owned {
    Text(Option<String>),
    Number(i64),
}

impl From<Value<'_>> for Owned {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Text(text) => Self::Text(text.map(str::to_owned)),
            Value::Number(number) => Self::Number(number),
        }
    }
}

impl ToSql for Owned {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Text(text) => text.to_sql(),
            Self::Number(number) => number.to_sql(),
        }
    }
}

/// The failure by its code: the text may name values.
fn failure(error: &Error) -> Failure {
    let code = match error {
        Error::SqliteFailure(error, _) => error.code,
        Error::SqlInputError { error, .. } => error.code,
        _ => return Failure::Refused("a row could not be read".to_owned()),
    };
    let text = |reason: &str| reason.to_owned();
    match code {
        // It waited already.
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            Failure::Unavailable(text("locked by another process"))
        }
        ErrorCode::DiskFull => Failure::Unavailable(text("no room on the disk, or the most pages are used")),
        ErrorCode::SystemIoFailure => Failure::Broken(text("the disk cannot be read or written")),
        ErrorCode::OutOfMemory => Failure::Unavailable(text("no memory")),
        ErrorCode::CannotOpen => Failure::Refused(text(
            "the file cannot be opened; check path and permissions, or make it with `taskback ledger init --apply`",
        )),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Failure::Refused(text(
            "it may not be written; check the permissions of the file and of its folder",
        )),
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => {
            Failure::Refused(text("the file is not an intact SQLite database"))
        }
        ErrorCode::Unknown => {
            Failure::Refused(text("its tables are missing or other ones; run `taskback ledger init --apply`"))
        }
        code => Failure::Refused(format!("{code:?}")),
    }
}

/// File locks and shared memory do not work across machines: two of them would decide one task.
#[cfg(target_os = "linux")]
fn refuse_network(path: &Path) -> Result<(), Failure> {
    // A link may lead to another file system.
    let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(found) = rustix::fs::statfs(folder) else { return Ok(()) };
    // Its type differs between platforms; the numbers have 32 bits.
    let magic = found.f_type as u32;
    match NETWORKS.iter().find(|(number, _)| *number == magic) {
        Some((_, name)) => Err(Failure::Refused(format!(
            "the file is on a network file system ({name}), where SQLite loses writes; use a local disk, or postgres:// or mysql://"
        ))),
        None => Ok(()),
    }
}

#[cfg(not(target_os = "linux"))]
fn refuse_network(_path: &Path) -> Result<(), Failure> {
    Ok(())
}

/// Of statfs(2) and linux/magic.h.
#[cfg(target_os = "linux")]
const NETWORKS: [(u32, &str); 10] = [
    (0x6969, "NFS"),
    (0x517B, "SMB"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB2"),
    (0x5346_414F, "AFS"),
    (0x6B41_4653, "AFS"),
    (0x0102_1997, "9P"),
    (0x00C3_6400, "Ceph"),
    (0x0BD0_0BD0, "Lustre"),
    (0x0116_1970, "GFS2"),
];
