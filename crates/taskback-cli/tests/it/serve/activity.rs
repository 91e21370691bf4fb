//! `poll --activity-arn` and `work` as processes, with an activity of the local Step Functions and moto's SQS.

use std::process::Command;

use taskback::Service;
use taskback_local::{Config, OpenTask, ReportedOutcome, Server, TaskState};

use super::setup::{GOOD, Setup, stop};
use crate::process::Process;
use crate::run::{run, taskback};

const ARN: &str = "arn:aws:states:us-east-1:123456789012:activity:cards";

#[tokio::test]
async fn activity_passes_poller_queue_and_worker() {
    let setup = Setup::without_workflow("tasks").await;
    let local = Server::bind(Config::default()).await.unwrap();
    let task = OpenTask { activity_arn: Some(ARN.to_owned()), ..OpenTask::new(Service::Sfn).input(GOOD) };
    let opened = local.state().open(task).unwrap();
    let at_local = |mut command: Command| {
        Process::start(command.envs([("AWS_ENDPOINT_URL_SFN", &*local.url()), ("RUST_LOG", "trace")]))
    };
    let mut poller = at_local(setup.command(&["poll", "--activity-arn", ARN, "--pollers", "1"]));
    poller.line("poller.task_queued").await;
    let mut worker = at_local(setup.work());
    worker.line(r#""receipt":"recorded""#).await;
    let view = local.state().task(&opened.fingerprint).unwrap();
    let output = r#"{"cardNumber":"**** **** **** 1111","valid":true}"#.to_owned();
    assert_eq!(
        (view.state, view.outcome),
        (TaskState::Succeeded, Some(ReportedOutcome::Succeeded { output: Some(output) }))
    );

    let worked = stop(worker).await;
    // A service holds the next poll for a minute, and the poller waits for it.
    let (_, polled) = poller.kill().await;
    let printed = polled + &worked;
    assert_eq!(setup.messages().await, 0, "{printed}");
    // At TRACE neither logs a part of the token.
    for part in opened.token.expose().as_bytes().chunks(16).map(String::from_utf8_lossy) {
        assert!(part.len() < 16 || !printed.contains(&*part), "{part} of the token is in {printed}");
    }
}

#[test]
fn activity_with_task_list_exits_with_2() {
    for (option, variable) in [("--domain", "TASKBACK_SWF_DOMAIN"), ("--task-list", "TASKBACK_SWF_TASK_LIST")]
    {
        let ran = run(&mut taskback(&["poll", "--activity-arn", ARN, option, "cards"]));
        let names_both = ["--activity-arn", option].iter().all(|name| ran.stderr.contains(name));
        assert!(ran.code == 2 && names_both, "{}", ran.stderr);
        let ran = run(taskback(&["poll", "--activity-arn", ARN]).env(variable, "cards"));
        let names_both = ["TASKBACK_ACTIVITY_ARN", variable].iter().all(|name| ran.stderr.contains(name));
        assert!(ran.code == 2 && names_both, "{}", ran.stderr);
    }
}
