//! The calls to DynamoDB: their errors, and the check.

use aws_sdk_dynamodb::types::AttributeValue;
use taskback::ledger::{DynamoDb, Lease, Ledger, LedgerError};

use super::peer::{self, Clock, Table};
use crate::ledger::{claim, key, output};
use crate::wire::server::{Reply, Server};

#[tokio::test]
async fn missing_table_is_named_with_the_code() {
    let missing = DynamoDb::new(peer::client(&peer::url()), "nowhere");
    let error = claim(&missing, &key("t"), "a").await.unwrap_err();
    let text = "ledger refused: DynamoDB table nowhere in us-east-1: ResourceNotFoundException; check the table, \
                the region and the permission dynamodb:UpdateItem";
    assert_eq!((error.to_string().as_str(), error.needs_fix()), (text, true));
    assert_eq!(missing.check().await, Err(error));
}

#[tokio::test]
async fn ledger_check_writes_nothing() {
    let (table, clock) = (Table::create("checked").await, Clock::default());
    let ledger = table.ledger(&clock);
    assert_eq!(ledger.check().await, Ok(()));
    assert_eq!(table.count().await, 0);
    // Not even if another program wrote an item with the requested key.
    table.put_at("no-task", &[("epoch", AttributeValue::N("0".to_owned()))]).await;
    assert_eq!((ledger.check().await, table.count().await), (Ok(()), 1));
    assert_eq!(table.shown_at("no-task").await, "epoch=0");
}

#[tokio::test]
async fn call_makes_one_attempt_and_hides_items() {
    let refused = |status, code: &str| {
        Reply::http(
            status,
            "",
            &format!(r#"{{"__type":"com.amazonaws.dynamodb#{code}","message":"secret"}}"#),
        )
    };
    let html = "<html>secret</html>";
    let cases = [
        (refused(400, "ThrottlingException"), true, "ThrottlingException"),
        (
            refused(400, "ProvisionedThroughputExceededException"),
            true,
            "ProvisionedThroughputExceededException",
        ),
        (refused(400, "AccessDeniedException"), false, "AccessDeniedException"),
        (refused(400, "ValidationException"), false, "ValidationException"),
        (refused(500, "InternalServerError"), true, "InternalServerError"),
        (refused(400, "ExpiredTokenException"), false, "ExpiredTokenException"),
        (Reply::http(502, "content-type: text/html\r\n", html), true, "the reply could not be read"),
        (Reply::http(200, "content-type: text/html\r\n", html), true, "the reply could not be read"),
        (Reply::http(200, "", ""), true, "an answer without a request id is not DynamoDB's"),
        (Reply::http(200, "", "{}"), true, "an answer without a request id is not DynamoDB's"),
        (Reply::Reset, true, "ADDRESS: the connection broke"),
    ];
    let lease = Lease { owner: "a".into(), epoch: 1 };
    for (reply, is_passing, why) in cases {
        let server = Server::start([reply]).await;
        let ledger = DynamoDb::new(peer::client(&server.url), "tasks");
        let error = ledger.decide(&key("t"), &lease, &output("\"secret\"")).await.unwrap_err();
        let hint = match is_passing {
            true => "",
            false => "; check the table, the region and the permission dynamodb:UpdateItem",
        };
        let why = why.replace("ADDRESS", server.url.trim_start_matches("http://"));
        let text = format!("DynamoDB table tasks in us-east-1: {why}{hint}");
        let passing = LedgerError::Unavailable(text.clone());
        assert_eq!(error, if is_passing { passing } else { LedgerError::Refused(text) });
        assert_eq!(server.requests().len(), 1, "{why}");
    }
    let silent = DynamoDb::new(peer::client("http://127.0.0.1:1"), "tasks");
    let error = silent.decide(&key("t"), &lease, &output("1")).await.unwrap_err();
    assert_eq!(
        error,
        LedgerError::Unavailable("DynamoDB table tasks in us-east-1: 127.0.0.1:1: connection refused".into())
    );
}
