//! Users with the documented permissions, passwords and TLS.

use taskback::ledger::{Finding, Ledger, LedgerRecords, RecordQuery, SqlLedger};

use super::database::{Database, open};
use super::server::Kind;
use crate::ledger::{claimed, decided, key, output};

/// As docs/guides/ledger.md has them. `NAME` is the user.
const GRANTS: [&str; 2] =
    ["GRANT SELECT ON taskback_schema TO NAME", "GRANT SELECT, INSERT, UPDATE ON taskback_ledger TO NAME"];
const REVOKE: &str = "REVOKE UPDATE ON taskback_ledger FROM NAME";

const USER: &str = "worker";
const PASSWORD: &str = "pa/ss: w0rd";
const ENCODED: &str = "pa%2Fss%3A%20w0rd";

/// A worker's user reads and writes by the documented permissions, over TLS whose names are verified. `create_user` is a
/// statement, with `NAME` for the user and `SECRET` for its password.
pub(crate) async fn worker_has_the_documented_permissions(kind: Kind, create_user: &str) {
    let url = kind.database().await;
    let admin = open(&url);
    admin.init().await.unwrap();
    for statement in [create_user].iter().chain(&GRANTS) {
        run(&admin, statement).await;
    }
    let (scheme, rest) = url.split_once("://").unwrap();
    let (_, place) = rest.split_once("@127.0.0.1:").unwrap();
    let ca = kind.authority();
    let login =
        |user: &str, host: &str, query: &str| open(&format!("{scheme}://{user}@{host}:{place}{query}"));
    let whole = format!("{USER}:{ENCODED}");

    let worker = login(&whole, "localhost", &format!("?ca={ca}"));
    assert_eq!(worker.check().await, Ok(()));
    decided(&worker, &key("t"), &output("1")).await;
    let findings = worker.examine().await;
    let notes: Vec<_> = findings.iter().filter(|finding| !matches!(finding, Finding::Good(_))).collect();
    assert!(
        matches!(&notes[..], [Finding::Note(text)] if text.starts_with("no permission DELETE")),
        "{notes:?}"
    );

    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{scheme}-password"));
    std::fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    let query = format!("?ca={ca}&password-file={}", file.display());
    claimed(&login(USER, "localhost", &query), &key("by file"), "a").await;

    #[cfg(feature = "secrets")]
    rotated_secret_is_read_after_refusal(&format!(
        "{scheme}://{USER}@localhost:{place}?ca={ca}&password-secret=ledger"
    ))
    .await;

    for (login, expected) in [
        (login(&format!("{USER}:wrong"), "localhost", ""), "user or password refused"),
        (
            login(USER, "localhost", "?password-file=/nowhere"),
            "password-file cannot be read: entity not found",
        ),
        // The certificate is for localhost.
        (login(&whole, "127.0.0.1", &format!("?ca={ca}")), "no TLS with this server"),
        (login(&whole, "localhost", "?tls=verify"), "no TLS with this server"),
        (login(&whole, "localhost", "?ca=/nowhere"), "ca: the file cannot be read"),
    ] {
        let error = login.check().await.unwrap_err();
        assert!(error.needs_fix() && error.to_string().contains(expected), "{expected}: {error}");
        assert!(!error.to_string().contains("wrong") && !error.to_string().contains("w0rd"), "{error}");
    }

    run(&admin, REVOKE).await;
    let error = login(&whole, "localhost", "").check().await.unwrap_err();
    assert!(error.needs_fix() && error.to_string().contains("lacks a permission on the tables"), "{error}");
    // A person who only looks needs no permission to write.
    let reader = login(&whole, "localhost", "");
    assert!(reader.read(&key("t")).await.unwrap().is_some());
    let query = RecordQuery::parse(&key("t").short()).unwrap();
    assert_eq!(reader.search(&query).await.unwrap().records.len(), 1);
}

async fn run(admin: &SqlLedger, statement: &str) {
    let statement = statement.replace("NAME", USER).replace("SECRET", PASSWORD);
    admin.raw(&statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// As RDS rotates it: the password of before is refused, and the next connection reads the new one.
#[cfg(feature = "secrets")]
async fn rotated_secret_is_read_after_refusal(url: &str) {
    use crate::wire::server::{Reply, Server};
    use serde_json::json;
    use taskback::{Clients, Settings, aws};

    let secret = |password: &str| json!({"username": "u", "password": password}).to_string();
    let read = |password: &str| Reply::http(200, "", &json!({"SecretString": secret(password)}).to_string());
    let secrets = Server::start([read("an old one"), read(PASSWORD)]).await;
    let vars = [("TASKBACK_LEDGER", url), ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &secrets.url)];
    let settings = Settings::from_vars(vars.map(|(name, value)| (name.into(), value.into()))).unwrap();
    let clients = Clients::from_sdk_config(aws::local("http://elsewhere.invalid"), &settings);
    let ledger = SqlLedger::open(&clients).unwrap();
    let refused = ledger.check().await.unwrap_err();
    assert!(refused.needs_fix() && !refused.to_string().contains("an old one"), "{refused}");
    assert_eq!((ledger.check().await, ledger.check().await), (Ok(()), Ok(())));
    assert_eq!(secrets.requests().len(), 2);
}
