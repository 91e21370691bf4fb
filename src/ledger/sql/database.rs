//! The database of a ledger: its driver, its statements, and the one retry of each.

use std::fmt;
use std::ops::ControlFlow;
#[cfg(feature = "sqlite")]
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

#[cfg(any(feature = "mysql", feature = "postgres"))]
use super::connections::{Connections, Connector};
use super::driver::{Answer, Driver, Failure, Value};
#[cfg(any(feature = "mysql", feature = "postgres"))]
use super::server::DatabaseServer;
use super::statements::{Statement, Statements, Values};
use crate::aws::Clients;
use crate::ledger::config::LedgerConfig;
use crate::ledger::store::LedgerError;
use crate::retry::retry;

/// A ledger that processes share: one row a task, in a table of PostgreSQL, MySQL, MariaDB or SQLite.
///
/// Every write is one conditional statement in autocommit. Times are those of the database, so the clocks of the
/// workers do not matter. A statement without an answer is tried once more on a new connection; an answer that was lost
/// is recognised by owner and epoch, or by the outcome's digest.
///
/// | column | holds |
/// |---|---|
/// | `fingerprint` | the task's [fingerprint](crate::Fingerprint), 64 hex digits: the primary key |
/// | `state` | `Running`, `Released`, `Decided` or `Reported` |
/// | `owner`, `epoch` | the [`Lease`](taskback_core::ledger::Lease) of the last claim |
/// | `lease_until` | Running: the end of the lease by the database's clock, in ms since 1970 |
/// | `input` | SHA-256 over token and input of the first claim, 64 hex digits |
/// | `execution` | the ids of the workflow in JSON, where the message has them |
/// | `outcome`, `digest` | Decided: the outcome in JSON, and the SHA-256 that names it |
/// | `receipt` | Reported: the receipt in JSON; the outcome is gone, its digest stays |
/// | `expires` | 35 days after the last transition, in ms since 1970; [`sweep`](Self::sweep) deletes such rows |
///
/// The token is in none of them; an outcome is there in clear until it is reported.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use taskback::ledger::SqlLedger;
/// use taskback::{Clients, Settings, Taskback};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// // TASKBACK_LEDGER, such as postgres://worker@db.example/tasks?password-file=/run/secrets/ledger
/// let clients = Clients::connect(&Settings::from_env()?).await;
/// let ledger = SqlLedger::open(&clients).ok_or("not a database")?;
/// ledger.init().await?;
/// let builder = Taskback::builder().ledger(Arc::new(ledger));
/// # let _ = builder; Ok(()) }
/// ```
#[derive(Clone)]
pub struct SqlLedger {
    pub(super) driver: Arc<dyn Driver>,
    pub(super) statements: Arc<Statements>,
}

/// The attempts of a statement that met a concurrent one, and of one whose connection broke.
const CONFLICT_ATTEMPTS: u32 = 8;
const CONNECTION_ATTEMPTS: u32 = 2;

/// The longest wait after a conflict.
const CONFLICT_WAIT: Duration = Duration::from_millis(20);

impl SqlLedger {
    /// The ledger in an SQLite database, for the processes of one machine. The file must exist and have the tables, which
    /// [`init`](Self::init) makes. It is opened at the first call.
    #[cfg(feature = "sqlite")]
    pub fn sqlite(path: impl AsRef<Path>) -> Self {
        Self::new(Arc::new(super::sqlite::Sqlite::new(path.as_ref())))
    }

    /// The ledger of the clients' settings; `None` = it is not in an SQL database. It connects at the first call.
    pub fn open(clients: &Clients) -> Option<Self> {
        match clients.ledger() {
            LedgerConfig::Memory => None,
            #[cfg(feature = "dynamodb")]
            LedgerConfig::DynamoDb { .. } => None,
            #[cfg(feature = "sqlite")]
            LedgerConfig::Sqlite { path } => Some(Self::sqlite(path)),
            #[cfg(feature = "postgres")]
            LedgerConfig::Postgres(server) => {
                Some(Self::on_server::<super::postgres::Postgres>(server, clients))
            }
            #[cfg(feature = "mysql")]
            LedgerConfig::MySql(server) => Some(Self::on_server::<super::mysql::MySql>(server, clients)),
        }
    }

    #[cfg(any(feature = "mysql", feature = "postgres"))]
    fn on_server<C: Connector>(server: &DatabaseServer, clients: &Clients) -> Self {
        Self::new(Arc::new(Connections::<C>::new(server, clients)))
    }

    fn new(driver: Arc<dyn Driver>) -> Self {
        let statements = Arc::new(Statements::new(driver.dialect()));
        Self { driver, statements }
    }

    /// Runs a statement and returns the first row, for tests.
    #[doc(hidden)]
    pub async fn raw(&self, sql: &str) -> Result<Vec<Option<String>>, LedgerError> {
        self.run_sql(sql, Vec::new()).await.map(Answer::texts)
    }

    pub(super) async fn run(&self, statement: &Statement, values: &Values) -> Result<Answer, LedgerError> {
        self.run_sql(&statement.sql, statement.bind(values)).await
    }

    /// Runs a statement; again after a conflict, and once more on a new connection.
    pub(super) async fn run_sql(&self, sql: &str, values: Vec<Value<'_>>) -> Result<Answer, LedgerError> {
        let mut broken = 0;
        let judge = |answer: Result<Answer, Failure>, attempt| match answer {
            Err(Failure::Conflict(_)) if attempt < CONFLICT_ATTEMPTS => {
                ControlFlow::Continue(CONFLICT_WAIT.mul_f64(fastrand::f64()))
            }
            Err(Failure::Broken(_)) if broken + 1 < CONNECTION_ATTEMPTS => {
                broken += 1;
                ControlFlow::Continue(Duration::ZERO)
            }
            answer => ControlFlow::Break(answer.map_err(|failure| self.error(&failure))),
        };
        retry(|_| self.driver.run(sql, values.clone()), judge).await
    }

    pub(super) fn error(&self, failure: &Failure) -> LedgerError {
        let text = format!("{}: {failure}", self.driver.place());
        match failure {
            Failure::Conflict(_) | Failure::Broken(_) | Failure::Unavailable(_) => {
                LedgerError::Unavailable(text)
            }
            Failure::Refused(_) => LedgerError::Refused(text),
        }
    }

    pub(super) fn refused(&self, reason: impl Into<String>) -> LedgerError {
        self.error(&Failure::Refused(reason.into()))
    }
}

/// Shows the place: a driver holds a password.
impl fmt::Debug for SqlLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlLedger").field("place", &self.driver.place()).finish_non_exhaustive()
    }
}
