//! Sends without a response: no task fails while its message may be in the queue, and every lost task is
//! logged.

use super::*;
use crate::queue_worker::sqs::Fault as Lost;
use crate::secrets::Log;

/// Runs the poller until its log contains the text, and returns the log.
async fn log_of(setup: &Setup, opened: &OpenedTask, with: &str) -> String {
    let log = Log::default();
    let writer = log.clone();
    let _guard = tracing::subscriber::set_default(taskback::log::subscriber("info", move || writer.clone()));
    let (_shutdown, ended) = run(setup.poller(opened, &[]).await.unwrap());
    let seen = async {
        while !log.text().contains(with) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(timeout(MINUTE, seen).await.is_ok(), "{}", log.text());
    ended.abort();
    log.text()
}

#[tokio::test]
async fn possibly_queued_task_is_not_failed() {
    for (refused, lost) in [(0, Lost::Lose), (0, Lost::Foreign), (2, Lost::Lose), (2, Lost::Hang)] {
        let setup = Setup::new().await;
        let opened = setup.open("{}");
        // One inconclusive response, then refusals until the deadline.
        setup.sqs.fault("SendMessage", if refused == 0 { 99 } else { 1 }, lost);
        setup.sqs.refuse("SendMessage", if refused == 0 { 0 } else { 99 }, "AccessDenied");
        let log = log_of(&setup, &opened, "poller.send_unconfirmed").await;
        let task = setup.server.state().task(&opened.fingerprint).unwrap();
        assert_eq!((task.state, task.reports.len()), (TaskState::Open, 0), "{lost:?}");
        let line = log.lines().find(|line| line.contains("poller.send_unconfirmed")).unwrap();
        let line: Value = serde_json::from_str(line).unwrap();
        let activity = opened.activity.as_ref().unwrap();
        assert_eq!((&line["level"], &line["event"]), (&json!("ERROR"), &json!("poller.send_unconfirmed")));
        assert_eq!(
            (&line["domain"], &line["workflow"]),
            (&json!(activity.domain), &json!(activity.workflow_id))
        );
        assert_eq!(
            (&line["run"], &line["activity"]),
            (&json!(activity.run_id), &json!(activity.activity_id))
        );
        assert!(!log.contains(opened.token.expose()) && !log.contains("poller.task_not_queued"), "{log}");
    }
}

#[tokio::test]
async fn send_confirmed_by_retry_suffices() {
    for lost in [Lost::Lose, Lost::Foreign, Lost::Hang] {
        let setup = Setup::new().await;
        let opened = setup.open("{}");
        setup.sqs.fault("SendMessage", 2, lost);
        let log = log_of(&setup, &opened, r#""event":"poller.task_queued""#).await;
        assert!(!log.contains("ERROR"), "{log}");
        assert_eq!(setup.server.state().task(&opened.fingerprint).unwrap().state, TaskState::Open);
    }
}

#[tokio::test]
async fn task_with_only_refused_sends_fails() {
    let setup = Setup::new().await;
    let opened = setup.open("{}");
    setup.sqs.refuse("SendMessage", 99, "AccessDenied");
    let log = log_of(&setup, &opened, "poller.task_not_queued").await;
    assert!(!log.contains("poller.send_unconfirmed"), "{log}");
    assert!(matches!(setup.outcome(&opened).await, Some(ReportedOutcome::Failed { .. })));
}
