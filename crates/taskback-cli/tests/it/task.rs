//! `taskback task`: one task by the ledger, in SQLite and in moto's DynamoDB, with the local services.

mod hand;
mod release;
pub(crate) mod setup;

use serde_json::Value;
use taskback::ledger::Ledger;
use taskback::{Outcome, Service};
use taskback_local::TaskState;

use crate::python::Moto;
use setup::{Desk, decide, sqlite_desk};

/// The end of the story of an alarm at night: only the id of the workflow is known.
async fn decided_task_is_found_and_completed(desk: &Desk, ledger: &dyn Ledger) {
    let outcome = Outcome::Succeeded(taskback::Output::new(&serde_json::json!({"paid": 7})).unwrap());
    decide(ledger, &desk.opened.token, &outcome).await;
    let (key, token) = (desk.opened.token.fingerprint(), desk.opened.token.expose().to_owned());

    for text in ["order-7", "order-7/pay", &key.short(), &key.hex()] {
        let shown = desk.run(&["task", "show", text], "").await;
        assert_eq!((shown.code, &*shown.stderr), (0, ""), "{}", shown.stdout);
        for part in [
            &*format!("task {key}\n"),
            "state     decided, not reported\n",
            "owner     a worker\n",
            "epoch     1, the number of claims and releases\n",
            "outcome   succeeded\n",
            "workflowId=order-7",
            "The outcome is recorded and never changes",
            "`taskback task report … recorded`",
        ] {
            assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
        }
    }
    assert_eq!(desk.state(), TaskState::Open, "showing reports nothing");

    let report = ["task", "report", "--service", "swf", "recorded"];
    let ran = desk.run(&report, &format!("{token}\n")).await;
    assert_eq!((ran.code, &*ran.stderr), (0, ""), "{}", ran.stdout);
    assert!(ran.stdout.contains("Reported: succeeded. Receipt: recorded"), "{}", ran.stdout);
    assert_eq!(desk.state(), TaskState::Succeeded);

    let shown = desk.run(&["task", "show", "--service", "swf", "-", "--json"], &token).await;
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    let task = &shown["tasks"][0];
    assert_eq!((&task["state"], &task["execution"]["activityId"]), (&"reported".into(), &"pay".into()));
    assert!(task["receipt"]["Recorded"].is_object(), "{task}");

    // A second report by hand changes nothing, and says so.
    let again = desk.run(&["task", "report", "--service", "swf", "fail", "--error", "Night"], &token).await;
    assert_eq!(again.code, 1, "{}", again.stdout);
    assert!(
        again.stdout.contains("Another outcome was reported before. Receipt: recorded"),
        "{}",
        again.stdout
    );
    let recorded = desk.run(&report, &token).await;
    assert_eq!(recorded.code, 0, "{}", recorded.stdout);
    assert_eq!(desk.reports(), 1);
    desk.shows_no_token();
}

#[tokio::test]
async fn sqlite_task_is_found_and_completed() {
    let (desk, ledger) = sqlite_desk("task-found", Service::Swf).await;
    decided_task_is_found_and_completed(&desk, &ledger).await;
}

#[tokio::test]
async fn dynamodb_task_is_found_and_completed() {
    let moto = Moto::start().await;
    crate::serve::setup::create_table(&moto.url).await;
    let client = aws_sdk_dynamodb::Client::new(&taskback::aws::local(&moto.url));
    let desk = Desk::new("dynamodb:tasks", &moto.url, Service::Swf).await;
    decided_task_is_found_and_completed(&desk, &taskback::ledger::DynamoDb::new(client, "tasks")).await;
}

#[tokio::test]
async fn unknown_task_has_no_record() {
    let (desk, _ledger) = sqlite_desk("task-unknown", Service::Swf).await;
    let token = desk.opened.token.expose().to_owned();
    for args in [
        &["task", "show", "order-8"][..],
        &["task", "show", &token],
        &["task", "show", "-", "--service", "swf"],
    ] {
        let ran = desk.run(args, &token).await;
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(ran.stdout.starts_with("The ledger has no record of the task"), "{}", ran.stdout);
    }
    let ran = desk.run(&["task", "show", "-"], &token).await;
    assert!(ran.code == 2 && ran.stderr.contains("--service"), "{}", ran.stderr);
    let ran = desk.run(&["task", "show", "order-8", "--ledger", "memory"], "").await;
    assert!(ran.code == 2 && ran.stderr.contains("expected the workers' shared ledger"), "{}", ran.stderr);
    desk.shows_no_token();
}
