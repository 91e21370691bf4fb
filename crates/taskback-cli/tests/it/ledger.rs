//! `taskback ledger`, on a file of SQLite.

use std::path::{Path, PathBuf};

use crate::run::{run, taskback};

fn path(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.db"));
    for end in ["", "-wal", "-shm"] {
        std::fs::remove_file(format!("{}{end}", path.display())).ok();
    }
    path
}

fn store(name: &str) -> String {
    format!("sqlite:{}", path(name).display())
}

#[test]
fn init_prints_unless_applied() {
    let path = path("init");
    let store = format!("sqlite:{}", path.display());
    let printed = run(taskback(&["ledger", "init"]).env("TASKBACK_LEDGER", &store));
    assert!(
        printed
            .stdout
            .starts_with("-- The ledger of taskback, schema 1, for sqlite.\nCREATE TABLE IF NOT EXISTS")
    );
    assert!(printed.code == 0 && !path.exists());
    for _ in 0..2 {
        let applied = run(&mut taskback(&["ledger", "init", "--apply", "--ledger", &store]));
        assert_eq!((applied.code, &*applied.stdout), (0, "The tables are there.\n"), "{}", applied.stderr);
    }
    let checked = run(&mut taskback(&["ledger", "check", "--ledger", &store]));
    assert_eq!(checked.code, 0, "{}", checked.stdout);
    assert!(checked.stdout.lines().all(|line| line.starts_with("ok       ")), "{}", checked.stdout);
    let swept = run(&mut taskback(&["ledger", "sweep", "--ledger", &store]));
    assert_eq!((swept.code, &*swept.stdout), (0, "0 expired rows deleted\n"));
}

/// A database is printed for each kind without a connection.
#[test]
fn schemas_of_servers_are_printed() {
    for (store, number) in [
        ("mysql://u:hidden@db.invalid/d", "BIGINT NOT NULL"),
        ("postgres://u:hidden@db.invalid/d", "bigint NOT NULL"),
    ] {
        let printed = run(&mut taskback(&["ledger", "init", "--ledger", store]));
        assert_eq!((printed.code, printed.stderr.as_str()), (0, ""));
        assert!(printed.stdout.contains(&format!("epoch {number}")), "{}", printed.stdout);
        assert!(!printed.stdout.contains('{') && !printed.stdout.contains("hidden"), "{}", printed.stdout);
    }
}

#[test]
fn missing_tables_are_a_problem() {
    let checked = run(&mut taskback(&["ledger", "check", "--ledger", &store("missing")]));
    assert_eq!(checked.code, 1, "{}", checked.stdout);
    assert!(checked.stdout.contains("`taskback ledger init --apply`"), "{}", checked.stdout);
}

#[test]
fn store_without_tables_is_an_error() {
    for (store, expected) in [
        ("", "TASKBACK_LEDGER is not set"),
        ("memory", "expected a database"),
        ("dynamodb:tasks", "expected a database"),
        ("mysql://u:hidden@h", "USER:PASSWORD@HOST:PORT/DATABASE"),
    ] {
        let ran = run(taskback(&["ledger", "check"]).env("TASKBACK_LEDGER", store));
        assert!(ran.code == 2 && ran.stderr.contains(expected), "{store}: {}", ran.stderr);
        assert!(!ran.stderr.contains("hidden"), "{}", ran.stderr);
    }
}

/// The worker of the first process is killed by SIGKILL; the second one finds its decisions in the file.
#[test]
fn demo_reports_what_a_killed_worker_decided() {
    let ran = run(&mut taskback(&["demo", "--ledger", &store("demo")]));
    let last = ran.stdout.lines().last().unwrap();
    assert_eq!(
        last,
        "Every task has exactly its expected outcome: 40 tasks, one accepted report each; 2 unreadable messages nacked; 3 executions succeeded.",
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("after it ran 8 steps and recorded their outcomes"), "{}", ran.stderr);
    assert!(ran.stderr.contains("its successor reported 8 outcomes and ran 0 steps"), "{}", ran.stderr);
    assert_eq!(ran.code, 0);
}
