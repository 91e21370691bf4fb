//! The tests of every kind of server. A new one is added here, and each kind runs it.

use taskback::ledger::Ledger;

use super::database::{Database, open};
use super::server::Kind;

/// The tests of a kind of server, which is a kind of database: with its statement that creates the user `NAME` with the
/// password `SECRET`, and a function that returns changes of the database of a name, each with the problem that it causes.
macro_rules! every_server {
    ($kind:expr, $create_user:expr, $dangerous_changes:expr) => {
        $crate::sql::every_database::every_database!($kind);

        #[tokio::test]
        async fn errors_name_the_place_only() {
            $crate::sql::every_server::errors_name_the_place_only($kind).await;
        }

        #[tokio::test]
        async fn cuts_change_nothing() {
            $crate::sql::trouble::cut_at_every_statement_changes_nothing($kind).await;
        }

        #[tokio::test]
        async fn silent_connections_are_replaced() {
            $crate::sql::trouble::silent_connections_are_replaced($kind).await;
        }

        #[tokio::test]
        async fn frozen_owner_blocks_no_other() {
            $crate::sql::trouble::frozen_owner_blocks_no_other($kind).await;
        }

        #[tokio::test]
        async fn kill_loses_no_answered_decision() {
            $crate::sql::killed::answered_decisions_survive_kills($kind, 2).await;
        }

        #[tokio::test]
        async fn worker_has_documented_permissions() {
            $crate::sql::login::worker_has_the_documented_permissions($kind, $create_user).await;
        }

        #[tokio::test]
        async fn dangerous_settings_are_problems() {
            $crate::sql::tables::dangerous_settings_are_problems($kind, $dangerous_changes).await;
        }
    };
}

pub(crate) use every_server;

pub(crate) async fn errors_name_the_place_only(kind: Kind) {
    let url = kind.database().await;
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
