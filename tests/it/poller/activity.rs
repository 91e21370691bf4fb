//! Tasks of an activity of Step Functions, which name no execution.

use taskback_core::sfn;

use super::*;

const ARN: &str = "arn:aws:states:us-east-1:123456789012:activity:cards";

fn open(setup: &Setup, input: &str) -> OpenedTask {
    let task = OpenTask { activity_arn: Some(ARN.to_owned()), ..OpenTask::new(Service::Sfn).input(input) };
    setup.server.state().open(task).unwrap()
}

#[tokio::test]
async fn polled_activity_becomes_an_envelope() {
    let mut setup = Setup::new().await;
    setup.queue_url += ".fifo";
    let opened = open(&setup, r#"{"n": 1.0000000000000000001}"#);
    let timeout = [("TASKBACK_ACTIVITY_HEARTBEAT_TIMEOUT", "45")];
    let (_shutdown, ended) = run(setup.poller(&opened, &timeout).await.unwrap());
    setup.sqs.until(|books| !books.calls_of("SendMessage").is_empty()).await;
    let sent = setup.sent().remove(0);
    let task = MessageFormat::default().task(sent["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!((&task.token, task.input.get()), (&opened.token, r#"{"n": 1.0000000000000000001}"#));
    assert_eq!(task.heartbeat, Some(Duration::from_secs(45)));
    assert_eq!(task.execution.text(sfn::ACTIVITY_ARN), Some(ARN));
    // Nothing names the execution, so that each task is a group of its own.
    assert_eq!(sent["MessageGroupId"], json!(opened.fingerprint));
    assert_eq!(sent["MessageDeduplicationId"], json!(opened.fingerprint));
    ended.abort();
}

#[tokio::test]
async fn refused_send_fails_the_activity() {
    let setup = Setup::new().await;
    let opened = open(&setup, "{}");
    setup.sqs.refuse("SendMessage", 1, "InvalidParameterValue");
    let (_shutdown, ended) = run(setup.poller(&opened, &[]).await.unwrap());
    let cause = "the task could not be put into the workers' queue";
    let failed = ReportedOutcome::Failed { error: Some("NotQueued".into()), cause: Some(cause.into()) };
    assert_eq!((setup.outcome(&opened).await, setup.sent().len()), (Some(failed), 1));
    ended.abort();
}

/// A poller that is asked to end waits for the poll that the service holds, and queues its task.
#[tokio::test]
async fn task_of_the_last_poll_is_queued() {
    let setup = Setup::new().await;
    let opened = open(&setup, "1");
    let slow = Fault::new("GetActivityTask", FaultKind::Delay(Duration::from_millis(300)));
    setup.server.state().inject(slow).unwrap();
    let (shutdown, ended) = run(setup.poller(&opened, &[]).await.unwrap());
    let held = async {
        while !setup.server.state().faults().is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(MINUTE, held).await.expect("a poll is held");
    shutdown.end();
    timeout(MINUTE, ended).await.unwrap().unwrap().unwrap();
    assert_eq!(setup.sent().len(), 1);
}

#[tokio::test]
async fn unknown_activity_is_an_error_at_start() {
    let setup = Setup::new().await;
    let opened = open(&setup, "{}");
    let other = "arn:aws:states:us-east-1:123456789012:activity:unknown";
    let poller = setup.poller(&opened, &[("TASKBACK_ACTIVITY_ARN", other)]).await.unwrap();
    let (_shutdown, ended) = run(poller);
    let error = timeout(MINUTE, ended).await.unwrap().unwrap().unwrap_err().to_string();
    assert!(error.contains("ActivityDoesNotExist"), "{error}");
}
