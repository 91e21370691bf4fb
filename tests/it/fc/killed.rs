//! An instance that ends between its report and its response: the host redelivers the event.

use super::*;
use crate::support::MINUTE;

#[tokio::test]
async fn instance_killed_after_its_report_changes_no_outcome() {
    for (number, expected) in [(CARD, TaskState::Succeeded), (OTHER, TaskState::Failed)] {
        let server = local().await;
        let token = open(&server, Service::Fnf);
        let late = Fault::new("*", FaultKind::Delay(MINUTE));
        server.state().inject(late.times(9)).unwrap();
        let event = mns_queue(&[card(&token, number)]);
        let host = Host::start(&mut worker(&server.url())).await;
        let caller = host.caller.clone();
        let first = event.clone();
        let invoked = tokio::spawn(async move { caller.invoke("1", good_keys(), &first).await });
        while state(&server, &token) == TaskState::Open {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop(host.process.kill().await);
        assert!(invoked.await.is_err(), "it had no response");
        server.state().clear_faults();

        let next = Host::start(&mut worker(&server.url())).await;
        let answer = next.invoke("2", good_keys(), &event).await;
        assert!(!answer.failed, "{answer:?}");
        let task = server.state().task(&token.fingerprint().hex()).unwrap();
        let accepted = task.reports.iter().filter(|report| report.accepted).count();
        assert_eq!((task.state, accepted), (expected, 1), "{:?}", task.reports);
    }
}

#[tokio::test]
async fn instance_killed_in_its_step_reports_nothing() {
    let server = local().await;
    let token = open(&server, Service::Fnf);
    let event = mns_queue(&[card(&token, CARD)]);
    let mut command = worker(&server.url());
    command.env("TASKBACK_STEP", "command:sleep 60");
    let mut host = Host::start(&mut command).await;
    let caller = host.caller.clone();
    let first = event.clone();
    let invoked = tokio::spawn(async move { caller.invoke("1", good_keys(), &first).await });
    host.process.line("FC Invoke Start RequestId: 1").await;
    drop(host.process.kill().await);
    assert!(invoked.await.is_err(), "it had no response");
    assert_eq!(server.state().task(&token.fingerprint().hex()).unwrap().reports, []);

    let next = Host::start(&mut worker(&server.url())).await;
    assert!(!next.invoke("2", good_keys(), &event).await.failed);
    assert_eq!(state(&server, &token), TaskState::Succeeded);
}
