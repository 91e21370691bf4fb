//! The tables: their definition, what a process and the command check, and the deletion of expired rows.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::database::SqlLedger;
use super::driver::{Answer, Failure};
use crate::ledger::store::LedgerError;

/// The version of the tables that this program reads and writes.
const VERSION: i64 = 1;

const VERSIONS: &str =
    "CREATE TABLE IF NOT EXISTS taskback_schema (version {number} NOT NULL PRIMARY KEY){table}";

const TABLES: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS taskback_ledger (
    fingerprint {digest} NOT NULL PRIMARY KEY,
    state {label} NOT NULL,
    owner {label} NOT NULL,
    epoch {number} NOT NULL,
    lease_until {number},
    input {digest},
    execution {text},
    outcome {text},
    digest {digest},
    receipt {text},
    expires {number} NOT NULL{inner_index}
){table}",
    "{index}",
    "INSERT INTO taskback_schema (version) SELECT 1 FROM (SELECT 1 AS one) AS any_row \
     WHERE NOT EXISTS (SELECT version FROM taskback_schema)",
];

/// Each needs the permission of the statements of its kind, and writes nothing.
const ACCESS: [(&str, &str); 3] = [
    ("SELECT", "SELECT epoch FROM taskback_ledger WHERE fingerprint = 'no-task'{locked}"),
    ("INSERT", "INSERT INTO taskback_ledger SELECT * FROM taskback_ledger WHERE fingerprint = 'no-task'"),
    ("UPDATE", "UPDATE taskback_ledger SET epoch = epoch WHERE fingerprint = 'no-task'"),
];

/// The permission that a sweep needs beside.
const DELETE: (&str, &str) = ("DELETE", "DELETE FROM taskback_ledger WHERE fingerprint = 'no-task'");

/// The next step where tables are missing.
const INIT: &str = "run `taskback ledger init --apply`";

/// The difference between the clocks of database and machine that is worth a line.
const CLOCK_SKEW: Duration = Duration::from_secs(5);

/// A result of [`SqlLedger::examine`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// As it should be.
    Good(String),
    /// Worth knowing; no decision is lost.
    Note(String),
    /// Decisions may be lost, or the ledger does not work.
    Problem(String),
}

/// One line.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Good(text) => write!(f, "ok       {text}"),
            Self::Note(text) => write!(f, "note     {text}"),
            Self::Problem(text) => write!(f, "problem  {text}"),
        }
    }
}

impl SqlLedger {
    /// The statements that make the tables, for an administrator who runs them.
    pub fn schema(&self) -> String {
        let statements = self.definitions().map(|statement| format!("{statement};\n"));
        format!(
            "-- The ledger of taskback, schema {VERSION}, for {}.\n{}",
            self.driver.dialect().name,
            statements.collect::<String>()
        )
    }

    /// Makes the tables where they are missing. An error where a newer program made them.
    pub async fn init(&self) -> Result<(), LedgerError> {
        self.driver.create().await.map_err(|failure| self.error(&failure))?;
        for (number, statement) in self.definitions().enumerate() {
            self.run_sql(&statement, Vec::new()).await?;
            // Before anything is changed.
            if number == 0
                && let Some(version) = self.version().await?
            {
                self.accept(version)?;
            }
        }
        Ok(())
    }

    /// Checks tables, permissions, clock and the settings of the database with which decisions are lost.
    pub async fn examine(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        match self.check_access().await {
            Ok(()) => findings.push(Finding::Good(format!(
                "{}: schema {VERSION}, with the permissions SELECT, INSERT and UPDATE",
                self.driver.place()
            ))),
            Err(error) => return vec![Finding::Problem(error.to_string())],
        }
        findings.push(match self.access(DELETE).await {
            Ok(()) => Finding::Good("permission DELETE, which `taskback ledger sweep` needs".to_owned()),
            Err(_) => {
                Finding::Note("no permission DELETE: `taskback ledger sweep` needs another user".to_owned())
            }
        });
        findings.push(self.clock().await.unwrap_or_else(|error| Finding::Problem(error.to_string())));
        for probe in self.driver.dialect().probes {
            let value = match self.run_sql(probe.query, Vec::new()).await.map(Answer::texts) {
                Ok(texts) => texts.into_iter().next().flatten().unwrap_or_default(),
                Err(error) => {
                    findings.push(Finding::Note(format!("{}: not known: {error}", probe.name)));
                    continue;
                }
            };
            let text = format!("{} is {value}", probe.name);
            findings.push(if probe.expected.iter().any(|expected| value.eq_ignore_ascii_case(expected)) {
                Finding::Good(text)
            } else {
                let expected = probe.expected.join(" or ");
                Finding::Problem(format!("{text}, expected {expected}: {}", probe.meaning))
            });
        }
        findings
    }

    /// Deletes up to 1000 rows that expired, and returns how many there were. Call it until it returns 0.
    pub async fn sweep(&self) -> Result<u64, LedgerError> {
        let statement = self.driver.dialect().translate("{sweep}");
        Ok(self.run_sql(&statement, Vec::new()).await?.written)
    }

    /// Checks that the tables are those of this program, and that they may be read and written.
    pub(super) async fn check_access(&self) -> Result<(), LedgerError> {
        match self.version().await? {
            Some(version) => self.accept(version)?,
            None => return Err(self.refused(format!("the tables are incomplete; {INIT}"))),
        }
        for access in ACCESS {
            self.access(access).await?;
        }
        Ok(())
    }

    async fn access(&self, (name, statement): (&str, &str)) -> Result<(), LedgerError> {
        let statement = self.driver.dialect().translate(statement);
        let answer = self.run_sql(&statement, Vec::new()).await;
        answer.map(|_| ()).map_err(|error| match error {
            LedgerError::Refused(reason) => LedgerError::Refused(format!("{reason} (permission {name})")),
            error => error,
        })
    }

    async fn version(&self) -> Result<Option<i64>, LedgerError> {
        let answer = self.run_sql("SELECT MAX(version) FROM taskback_schema", Vec::new()).await?;
        Ok(answer.row.and_then(|row| row.first()?.number()))
    }

    fn accept(&self, version: i64) -> Result<(), LedgerError> {
        match version {
            VERSION => Ok(()),
            newer => Err(self.refused(format!(
                "its tables have schema {newer}, and this program knows schema {VERSION}; use the program that made them, or a newer one"
            ))),
        }
    }

    async fn clock(&self) -> Result<Finding, LedgerError> {
        let started = SystemTime::now();
        let select = self.driver.dialect().translate("SELECT {now}");
        let answer = self.run_sql(&select, Vec::new()).await?;
        let now = answer.row.as_deref().and_then(|row| row.first()?.number());
        let Some(now) = now.and_then(|now| u64::try_from(now).ok()) else {
            return Err(self.error(&Failure::Refused("it does not know the time".to_owned())));
        };
        let theirs = Duration::from_millis(now);
        let ours = started.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let difference = ours.abs_diff(theirs);
        let seconds = difference.as_secs_f64();
        Ok(if difference > CLOCK_SKEW {
            Finding::Note(format!(
                "the clocks of the database and of this machine differ by {seconds:.1} s; leases count by the database's alone"
            ))
        } else {
            Finding::Good(format!("the clocks of the database and of this machine differ by {seconds:.1} s"))
        })
    }

    fn definitions(&self) -> impl Iterator<Item = String> {
        let dialect = self.driver.dialect();
        let all = [VERSIONS].into_iter().chain(TABLES);
        all.map(|statement| dialect.translate(statement)).filter(|statement| !statement.is_empty())
    }
}
