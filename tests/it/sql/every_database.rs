//! The tests of every kind of database. A new one is added here, and each kind runs it.

use super::database::{Database, open};
use super::suite::times;
use crate::storm::workers_leave_one_outcome_per_task;

/// The tests of a kind of database.
macro_rules! every_database {
    ($kind:expr) => {
        #[tokio::test]
        async fn follows_the_rules() {
            $crate::sql::suite::suite(&$kind).await;
        }

        #[test]
        fn agrees_with_the_rules() {
            $crate::sql::suite::agreement(&$kind, 60);
        }

        #[tokio::test]
        async fn makes_and_checks_tables() {
            $crate::sql::tables::tables(&$kind).await;
        }

        #[tokio::test]
        async fn owners_race_for_one_win() {
            $crate::sql::races::races(&$kind, 30).await;
        }

        #[tokio::test]
        async fn killed_workers_leave_one_outcome() {
            $crate::sql::every_database::killed_workers_leave_one_outcome(&$kind).await;
        }
    };
}

pub(crate) use every_database;

pub(crate) async fn killed_workers_leave_one_outcome(kind: &impl Database) {
    let url = kind.database().await;
    open(&url).init().await.unwrap();
    for seed in 0..times() {
        workers_leave_one_outcome_per_task(&[("TASKBACK_LEDGER", &url)], 20 + u64::from(seed)).await;
    }
}
