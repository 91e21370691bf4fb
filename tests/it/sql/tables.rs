//! The tables of a database: how they are made, checked and swept, and what they hold.

use taskback::ledger::{Claim, Finding, Lease, Ledger, SqlLedger, WriteResult};
use taskback::{ClosedBy, Receipt};

use super::database::{Database, open};
use crate::ledger::{LEASE, claim, claimed, decided, key, output};

/// Everything about the tables, on an empty database.
pub(crate) async fn tables<D: Database>(kind: &D) {
    let ledger = &open(&kind.database().await);
    missing_tables_name_the_next_step(ledger, D::MISSING).await;
    init_is_repeatable(ledger).await;
    check_writes_nothing(ledger).await;
    row_holds_its_state(ledger).await;
    changed_row_is_unreadable(ledger).await;
    sweep_deletes_expired_rows_only(ledger).await;
    newer_tables_are_refused(ledger).await;
}

async fn missing_tables_name_the_next_step(ledger: &SqlLedger, missing: &str) {
    let error = ledger.check().await.unwrap_err();
    assert!(error.needs_fix() && error.to_string().contains(missing), "{error}");
    assert!(claim(ledger, &key("t"), "a").await.unwrap_err().needs_fix());
}

async fn init_is_repeatable(ledger: &SqlLedger) {
    ledger.init().await.unwrap();
    claimed(ledger, &key("kept"), "a").await;
    ledger.init().await.unwrap();
    assert_eq!(number(ledger, "SELECT COUNT(*) FROM taskback_ledger").await, 1);
    assert_eq!(number(ledger, "SELECT COUNT(*) FROM taskback_schema").await, 1);
    assert!(ledger.schema().contains("CREATE TABLE IF NOT EXISTS taskback_ledger"));
}

async fn check_writes_nothing(ledger: &SqlLedger) {
    assert_eq!(ledger.check().await, Ok(()));
    let findings = ledger.examine().await;
    assert!(findings.iter().all(|finding| matches!(finding, Finding::Good(_))), "{findings:?}");
    assert_eq!(number(ledger, "SELECT COUNT(*) FROM taskback_ledger").await, 1);
}

async fn row_holds_its_state(ledger: &SqlLedger) {
    let (key, outcome) = (key("row"), output("{\"n\": 1.50}"));
    let row = async |columns: &str| {
        ledger
            .raw(&format!("SELECT {columns} FROM taskback_ledger WHERE fingerprint = '{}'", key.hex()))
            .await
            .unwrap()
            .into_iter()
            .map(|cell| cell.unwrap_or("-".to_owned()))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let life = async || number_of(&row("expires").await) - now();
    let is_35_days = |ms: i64| (ms - 35 * 24 * 3_600_000).abs() < 60_000;

    let lease = claimed(ledger, &key, "a").await;
    let (input, digest) = (output("{}").digest().hex(), outcome.digest().hex());
    assert_eq!(
        row("state, owner, epoch, input, execution, outcome, receipt").await,
        format!("Running a 1 {input} - - -")
    );
    let remaining = number_of(&row("lease_until").await) - now();
    assert!((remaining - 60_000).abs() < 10_000 && is_35_days(life().await), "{remaining}");
    ledger.release(&key, &lease).await.unwrap();
    assert_eq!(row("state, owner, epoch, lease_until, input").await, format!("Released a 1 - {input}"));
    decided(ledger, &key, &outcome).await;
    assert_eq!(
        row("state, owner, epoch, lease_until, digest, outcome").await,
        format!("Decided decides 2 - {digest} {{\"Succeeded\":{{\"n\": 1.50}}}}")
    );
    let receipt = Receipt::Closed { closed_by: ClosedBy::ProbablyUs };
    ledger.mark_reported(&key, outcome.digest(), &receipt).await.unwrap();
    assert_eq!(
        row("state, digest, outcome, receipt").await,
        format!("Reported {digest} - {{\"Closed\":{{\"closedBy\":\"probably-us\"}}}}")
    );
    assert!(is_35_days(life().await));
}

async fn changed_row_is_unreadable(ledger: &SqlLedger) {
    let digest = output("1").digest().hex();
    for (n, columns) in [
        "state = 'Done'".to_owned(),
        "lease_until = NULL".to_owned(),
        format!("state = 'Decided', digest = '{digest}'"),
        format!("state = 'Decided', digest = '{digest}', outcome = '{{\"Succeeded\":2}}'"),
        format!("state = 'Reported', digest = '{digest}'"),
    ]
    .into_iter()
    .enumerate()
    {
        let key = key(&format!("changed {n}"));
        let lease = claimed(ledger, &key, "a").await;
        let change = format!("UPDATE taskback_ledger SET {columns} WHERE fingerprint = '{}'", key.hex());
        ledger.raw(&change).await.unwrap();
        let error = claim(ledger, &key, "b").await.unwrap_err();
        assert!(error.needs_fix() && error.to_string().ends_with("unreadable row"), "{columns}: {error}");
        // A refused write counts as refused, whatever the row contains.
        let other = Lease { owner: "b".into(), ..lease };
        let (digest, receipt) = (output("3").digest(), Receipt::Recorded { request_id: None });
        assert_eq!(ledger.renew(&key, &other, LEASE).await, Ok(WriteResult::Superseded), "{columns}");
        assert_eq!(ledger.decide(&key, &other, &output("3")).await, Ok(WriteResult::Superseded), "{columns}");
        assert_eq!(
            ledger.replace(&key, digest, &output("4")).await,
            Ok(WriteResult::Superseded),
            "{columns}"
        );
        let reported = ledger.mark_reported(&key, digest, &receipt).await;
        assert_eq!(reported, Ok(WriteResult::Superseded), "{columns}");
    }
}

async fn sweep_deletes_expired_rows_only(ledger: &SqlLedger) {
    let receipt = Receipt::Recorded { request_id: None };
    let digest = decided(ledger, &key("expired"), &output("1")).await;
    ledger.mark_reported(&key("expired"), digest, &receipt).await.unwrap();
    let expire =
        format!("UPDATE taskback_ledger SET expires = 1 WHERE fingerprint = '{}'", key("expired").hex());
    ledger.raw(&expire).await.unwrap();
    // A row that outlived its time still counts.
    assert_eq!(claim(ledger, &key("expired"), "b").await, Ok(Claim::Reported(receipt)));
    let before = number(ledger, "SELECT COUNT(*) FROM taskback_ledger").await;
    assert_eq!((ledger.sweep().await, ledger.sweep().await), (Ok(1), Ok(0)));
    assert_eq!(number(ledger, "SELECT COUNT(*) FROM taskback_ledger").await, before - 1);
    assert_eq!(claimed(ledger, &key("expired"), "b").await.epoch, 1);
    let lease = Lease { owner: "b".into(), epoch: 1 };
    assert_eq!(ledger.renew(&key("expired"), &lease, LEASE).await, Ok(WriteResult::Applied));
}

async fn newer_tables_are_refused(ledger: &SqlLedger) {
    ledger.raw("INSERT INTO taskback_schema (version) VALUES (2)").await.unwrap();
    for error in [ledger.check().await.unwrap_err(), ledger.init().await.unwrap_err()] {
        assert!(
            error.needs_fix() && error.to_string().contains("have schema 2, and this program knows schema 1"),
            "{error}"
        );
    }
    let findings = ledger.examine().await;
    assert!(matches!(findings[..], [Finding::Problem(_)]), "{findings:?}");
}

async fn number(ledger: &SqlLedger, select: &str) -> i64 {
    number_of(ledger.raw(select).await.unwrap()[0].as_deref().unwrap())
}

fn number_of(text: &str) -> i64 {
    text.parse().unwrap()
}

fn now() -> i64 {
    let time = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(time.as_millis()).unwrap()
}

/// Each change of the database is a problem that names it, and was none before.
pub(crate) async fn dangerous_settings_are_problems(
    kind: impl Database,
    changes: fn(database: &str) -> Vec<(String, &'static str)>,
) {
    let url = kind.database().await;
    let (_, name) = url.rsplit_once('/').unwrap();
    open(&url).init().await.unwrap();
    for (change, expected) in changes(name) {
        let problem = |finding: &Finding| match finding {
            Finding::Problem(text) => text.contains(expected),
            _ => false,
        };
        assert!(!open(&url).examine().await.iter().any(problem), "{expected} before");
        open(&url).raw(&change).await.unwrap();
        // A setting of the database counts for connections of later.
        let findings = open(&url).examine().await;
        assert!(findings.iter().any(problem), "{expected}: {findings:?}");
    }
}
