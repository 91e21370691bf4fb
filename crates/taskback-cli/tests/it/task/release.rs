//! A task whose owner is dead, or is not.

use taskback::ledger::{Ledger, WriteResult};
use taskback::{Outcome, Service};
use taskback_local::TaskState;

use super::setup::{claim, sqlite_desk};

#[tokio::test]
async fn live_lease_is_not_taken_over() {
    let (desk, ledger) = sqlite_desk("release-live", Service::Swf).await;
    let (token, key) = (desk.opened.token.expose().to_owned(), desk.opened.token.fingerprint());
    let lease = claim(&ledger, &desk.opened.token).await;

    let fail = ["task", "report", "--service", "swf", "fail", "--error", "ByHand"];
    let ran = desk.run(&fail, &token).await;
    assert_eq!((ran.code, desk.reports()), (3, 0), "{}", ran.stdout);
    assert!(ran.stdout.contains("Owner a worker, lease ends in "), "{}", ran.stdout);
    let shown = desk.run(&["task", "show", "order-7"], "").await;
    assert!(
        shown.stdout.contains("state     running\n") && shown.stdout.contains(" s left\n"),
        "{}",
        shown.stdout
    );

    for text in ["order-7", "pay", &key.hex()[..7], &token] {
        let ran = desk.run(&["task", "release", text, "--owner-is-dead"], "").await;
        assert!(ran.code == 2 && ran.stderr.contains("FINGERPRINT: expected 64 digits"), "{}", ran.stderr);
    }
    let ran = desk.run(&["task", "release", &key.short()], "").await;
    assert!(ran.code == 2 && ran.stderr.contains("--owner-is-dead"), "{}", ran.stderr);
    let ran = desk.run(&["task", "release", &key.hex(), "--owner-is-dead"], "").await;
    assert_eq!((ran.code, &*ran.stderr), (0, ""), "{}", ran.stdout);

    // An owner that lives after all is fenced.
    let decided = ledger.decide(&key, &lease, &Outcome::failed("Late", "")).await;
    assert_eq!(decided, Ok(WriteResult::Superseded));
    let ran = desk.run(&fail, &token).await;
    assert_eq!((ran.code, desk.state()), (0, TaskState::Failed), "{}", ran.stdout);
    let shown = desk.run(&["task", "show", &key.hex()], "").await;
    assert!(shown.stdout.contains("epoch     3,"), "{}", shown.stdout);
    desk.shows_no_token();
}

#[tokio::test]
async fn task_without_owner_is_not_released() {
    let (desk, ledger) = sqlite_desk("release-free", Service::Swf).await;
    let key = desk.opened.token.fingerprint();
    let release = ["task", "release", &key.hex(), "--owner-is-dead", "--json"];
    let ran = desk.run(&release, "").await;
    assert!(ran.code == 1 && ran.stdout.contains("no record"), "{}", ran.stdout);
    let lease = claim(&ledger, &desk.opened.token).await;
    ledger.decide(&key, &lease, &Outcome::failed("E", "")).await.unwrap();
    let ran = desk.run(&release, "").await;
    assert!(ran.code == 1 && ran.stdout.contains("No worker holds the task."), "{}", ran.stdout);
}
