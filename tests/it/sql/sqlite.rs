//! SQLite, in files of the test's own.

use std::path::{Path, PathBuf};

use taskback::ledger::{Ledger, LedgerError, SqlLedger};

use super::{races, suite, tables};
use crate::ledger::{claim, claimed, key, output};
use crate::storm::workers_leave_one_outcome_per_task;

/// A path where no file is. The folder ends with the next build.
pub(crate) fn path(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.db"));
    for end in ["", "-wal", "-shm"] {
        let file = format!("{}{end}", path.display());
        assert!(std::fs::remove_file(&file).is_ok() || !Path::new(&file).exists(), "{file} stays");
    }
    path
}

pub(crate) async fn ledger(name: &str) -> SqlLedger {
    let ledger = SqlLedger::sqlite(path(name));
    ledger.init().await.unwrap();
    ledger
}

#[tokio::test]
async fn sqlite_follows_the_rules() {
    suite::suite(&ledger("rules").await).await;
}

#[test]
fn sqlite_agrees_with_the_rules() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ledger = runtime.block_on(ledger("agreement"));
    suite::agreement(&runtime, &ledger, 60);
}

#[tokio::test]
async fn sqlite_makes_and_checks_tables() {
    let path = path("tables");
    tables::tables(&SqlLedger::sqlite(&path), "make it with `taskback ledger init --apply`").await;
}

#[cfg(unix)]
#[tokio::test]
async fn file_is_readable_by_its_user_only() {
    use std::os::unix::fs::PermissionsExt;
    let path = path("rights");
    let ledger = SqlLedger::sqlite(&path);
    ledger.init().await.unwrap();
    claimed(&ledger, &key("t"), "a").await;
    for end in ["", "-wal", "-shm"] {
        let file = format!("{}{end}", path.display());
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
    }
}

#[tokio::test]
async fn foreign_file_is_refused() {
    let path = path("foreign");
    std::fs::write(&path, "not a database at all, and longer than a header of a hundred bytes ".repeat(9))
        .unwrap();
    let error = SqlLedger::sqlite(&path).check().await.unwrap_err();
    assert!(error.to_string().ends_with("is not an intact SQLite database"), "{error}");
    assert!(error.needs_fix());
}

/// A row that was decided stays; a write without room has no effect, and works once there is room again.
#[tokio::test]
async fn full_disk_is_unavailable_and_passes() {
    let ledger = ledger("full").await;
    let lease = claimed(&ledger, &key("t"), "a").await;
    let pages = ledger.raw("PRAGMA page_count").await.unwrap()[0].clone().unwrap();
    ledger.raw(&format!("PRAGMA max_page_count = {pages}")).await.unwrap();
    let long = output(&format!("\"{}\"", "x".repeat(100_000)));
    let error = ledger.decide(&key("t"), &lease, &long).await.unwrap_err();
    assert!(
        matches!(&error, LedgerError::Unavailable(reason) if reason.contains("no room on the disk")),
        "{error}"
    );
    assert!(matches!(claim(&ledger, &key("t"), "b").await, Ok(taskback::ledger::Claim::HeldByOther(_))));
    ledger.raw("PRAGMA max_page_count = 100000").await.unwrap();
    ledger.decide(&key("t"), &lease, &long).await.unwrap();
    assert_eq!(claim(&ledger, &key("t"), "b").await, Ok(taskback::ledger::Claim::Decided(long)));
}

#[tokio::test]
async fn sqlite_owners_race_for_one_win() {
    let path = path("races");
    let ledgers: Vec<_> = (0..8).map(|_| SqlLedger::sqlite(&path)).collect();
    ledgers[0].init().await.unwrap();
    races::one_owner_wins_every_race(&ledgers, 30).await;
    races::one_owner_decides_at_a_lease_end(&ledgers, 30).await;
}

#[tokio::test]
async fn sqlite_killed_workers_leave_one_outcome() {
    let path = path("storm");
    SqlLedger::sqlite(&path).init().await.unwrap();
    let url = format!("sqlite:{}", path.display());
    for seed in 0..suite::times() {
        workers_leave_one_outcome_per_task(&[("TASKBACK_LEDGER", &url)], 20 + u64::from(seed)).await;
    }
}
