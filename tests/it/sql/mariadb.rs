//! MariaDB, on a server of the tests' own.

use taskback::ledger::Ledger;

use super::server::{Kind, open};
use super::{killed, login, races, suite, tables, trouble};
use crate::storm::workers_leave_one_outcome_per_task;

const KIND: Kind = Kind::MariaDb;

#[tokio::test]
async fn mariadb_follows_the_rules() {
    suite::suite(&KIND.ledger().await).await;
}

#[test]
fn mariadb_agrees_with_the_rules() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ledger = runtime.block_on(KIND.ledger());
    suite::agreement(&runtime, &ledger, 60);
}

#[tokio::test]
async fn mariadb_makes_and_checks_tables() {
    tables::tables(
        &open(&KIND.database().await),
        "its tables are missing; run `taskback ledger init --apply`",
    )
    .await;
}

#[tokio::test]
async fn mariadb_errors_name_the_place_only() {
    let url = KIND.database().await;
    let (server, database) = url.rsplit_once('/').unwrap();
    let (_, address) = server.split_once('@').unwrap();
    let missing = open(&format!("{server}/nowhere")).check().await.unwrap_err();
    assert!(missing.needs_fix(), "{missing}");
    assert!(missing.to_string().contains(&format!("{address}/nowhere")), "{missing}");
    assert!(missing.to_string().ends_with("there is no such database"), "{missing}");
    let (scheme, _) = url.split_once("://").unwrap();
    let silent =
        open(&format!("{scheme}://someone:hidden@127.0.0.1:1/{database}")).check().await.unwrap_err();
    assert!(!silent.needs_fix() && silent.to_string().contains("no connection"), "{silent}");
    assert!(!silent.to_string().contains("hidden") && !silent.to_string().contains("someone"), "{silent}");
}

#[tokio::test]
async fn mariadb_owners_race_for_one_win() {
    let url = KIND.database().await;
    let ledgers: Vec<_> = (0..16).map(|_| open(&url)).collect();
    ledgers[0].init().await.unwrap();
    races::one_owner_wins_every_race(&ledgers, 30).await;
    races::one_owner_decides_at_a_lease_end(&ledgers, 30).await;
}

#[tokio::test]
async fn mariadb_cuts_change_nothing() {
    trouble::cut_at_every_statement_changes_nothing(KIND).await;
}

#[tokio::test]
async fn mariadb_silent_connections_are_replaced() {
    trouble::silent_connections_are_replaced(KIND).await;
}

#[tokio::test]
async fn mariadb_frozen_owner_blocks_no_other() {
    trouble::frozen_owner_blocks_no_other(KIND).await;
}

#[tokio::test]
async fn mariadb_kill_loses_no_answered_decision() {
    killed::answered_decisions_survive_kills(KIND, 2).await;
}

#[tokio::test]
async fn mariadb_killed_workers_leave_one_outcome() {
    let url = KIND.database().await;
    open(&url).init().await.unwrap();
    for seed in 0..suite::times() {
        workers_leave_one_outcome_per_task(&[("TASKBACK_LEDGER", &url)], 20 + u64::from(seed)).await;
    }
}

#[tokio::test]
async fn mariadb_worker_has_documented_permissions() {
    let grants = login::Grants {
        create: "CREATE USER NAME IDENTIFIED BY 'SECRET'",
        grants: [
            "GRANT SELECT ON taskback_schema TO NAME",
            "GRANT SELECT, INSERT, UPDATE ON taskback_ledger TO NAME",
        ],
        revoke: "REVOKE UPDATE ON taskback_ledger FROM NAME",
    };
    login::worker_has_the_documented_permissions(KIND, "worker", &grants).await;
}

#[tokio::test]
async fn mariadb_dangerous_settings_are_problems() {
    let url = KIND.database().await;
    let changes =
        [("ALTER TABLE taskback_ledger ENGINE=MyISAM", "engine of the table is MyISAM, expected InnoDB")];
    tables::dangerous_settings_are_problems(|| open(&url), &changes).await;
}
