//! SQLite, in files of the test's own.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use taskback::ledger::{Ledger, LedgerError, SqlLedger};

use super::database::Database;
use super::every_database::every_database;
use crate::ledger::{claim, claimed, key, output};

/// Each of its databases is a new file.
struct Sqlite;

impl Database for Sqlite {
    const MISSING: &'static str = "make it with `taskback ledger init --apply`";
    const OWNERS: usize = 8;

    async fn database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        format!("sqlite:{}", path(&format!("every-{}", COUNT.fetch_add(1, Ordering::Relaxed))).display())
    }
}

every_database!(Sqlite);

/// A path where no file is. The folder ends with the next build.
fn path(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.db"));
    for end in ["", "-wal", "-shm"] {
        let file = format!("{}{end}", path.display());
        assert!(std::fs::remove_file(&file).is_ok() || !Path::new(&file).exists(), "{file} stays");
    }
    path
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
    let ledger = Sqlite.ledger().await;
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
