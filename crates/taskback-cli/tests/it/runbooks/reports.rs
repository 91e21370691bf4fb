//! An outcome that is recorded and not reported; a task that another party closed.

use std::fs;

use serde_json::Value;
use taskback::Service;
use taskback_local::{Fault, FaultKind, OpenTask, OpenedTask, TaskState};

use super::programs;
use super::typed::Typed;
use super::world::World;
use crate::python;

const SHOW: &str = "taskback task show TASK";
const HAND: &str = "Report a task by hand";

fn order(workflow: &str) -> OpenTask {
    OpenTask {
        workflow_id: Some(workflow.to_owned()),
        activity_id: Some("pay".to_owned()),
        ..OpenTask::new(Service::Swf)
    }
}

/// The field of the line of that event.
fn field(printed: &str, event: &str, name: &str) -> String {
    let line =
        printed.lines().find(|line| line.contains(event)).unwrap_or_else(|| panic!("{event}: {printed}"));
    let line: Value = serde_json::from_str(line).unwrap();
    line[name].as_str().unwrap_or_else(|| panic!("{name}: {line}")).to_owned()
}

fn state(world: &World, task: &OpenedTask) -> TaskState {
    world.local.state().task(&task.fingerprint).unwrap().state
}

/// The worker's reports are denied; the operator finds the task by the alarm's log, and reports what is recorded.
pub(super) async fn decided_task_is_found_and_reported(world: &World) {
    let task = world.open(order("order-7"));
    let denied = Fault::new("RespondActivityTaskCompleted", FaultKind::Refuse).times(10_000);
    world.local.state().inject(denied).unwrap();
    world.send(&world.resource("Tasks"), &task).await;
    let mut worker = world.worker(&[]);
    worker.line("report.failed").await;
    let log = world.stop(worker).await;
    world.local.state().clear_faults();
    assert!(field(&log, "report.failed", "error").starts_with("Denied"), "{log}");
    let short = field(&log, "report.failed", "task");
    assert_eq!(short, task.fingerprint[..8]);

    let group = world.resource("WorkerLogs");
    python::run("runbook_log.py", &["--endpoint", &world.moto.url, "--group", &group], &log).await;
    let before = "Before the first alarm";
    let filter = r#"aws logs filter-log-events --log-group-name GROUP --start-time $(($(date +%s) - 3600))000 --filter-pattern '{ $.event = "report.failed" }'"#;
    let found = Typed::new(world, before, filter).with("GROUP", group).run().await;
    assert!(found.stdout.contains(&short), "{}", found.stdout);
    fs::write(world.folder.join("worker.log"), &log).unwrap();
    let kubectl = "[ \"$*\" = 'logs deploy/taskback' ] && cat worker.log";
    programs::write(&world.folder.join("bin"), "kubectl", kubectl);
    let logs = r#"kubectl logs deploy/taskback | jq -c 'select(.event == "report.failed")'"#;
    let found = Typed::new(world, before, logs).run().await;
    assert!(
        found.stdout.lines().all(|line| field(line, "report.failed", "task") == short),
        "{}",
        found.stdout
    );

    let export = Typed::new(world, before, "export TASKBACK_LEDGER=dynamodb:TABLE");
    export.with("TABLE", world.resource("LedgerTable")).run().await;
    let shown = Typed::new(world, before, SHOW).with("TASK", &short).run().await;
    assert!(shown.stdout.contains("workflowId=order-7"), "{}", shown.stdout);

    // SQS hides the message for minutes after that failure: the operator has the sender's copy.
    let copies = world.sqs().create_queue().queue_name("copies").send().await.unwrap().queue_url.unwrap();
    world.send(&copies, &task).await;
    let receive = "aws sqs receive-message --queue-url URL --visibility-timeout 600 | jq -ej '.Messages[0].Body | fromjson | .taskToken' > token";
    Typed::new(world, HAND, receive).with("URL", copies).run().await;
    assert_eq!(fs::read_to_string(world.folder.join("token")).unwrap(), task.token.expose());
    Typed::new(world, HAND, "taskback task report --service swf recorded < token").run().await;
    assert_eq!(state(world, &task), TaskState::Succeeded);
    for section in ["ReportsFailedAlarm", HAND] {
        Typed::new(world, section, SHOW).with("TASK", &short).run().await;
    }
}

/// Each outcome of the page, for a task of each service.
pub(super) async fn every_outcome_is_reported_by_hand(world: &World) {
    for (command, expected) in [
        (
            r#"taskback task report --service swf succeed --output '{"valid":true}' < token"#,
            TaskState::Succeeded,
        ),
        (
            "taskback task report --service swf fail --error CardDeclined --cause 'by hand, ticket 7' < token",
            TaskState::Failed,
        ),
        ("taskback task report --service swf cancel < token", TaskState::Canceled),
    ] {
        for service in Service::ALL {
            let task = world.open(OpenTask::new(service));
            fs::write(world.folder.join("token"), task.token.expose()).unwrap();
            Typed::new(world, HAND, command).with("swf", service.name()).run().await;
            // The other services have no cancellation: a failure stands for it.
            let is_as_expected = state(world, &task) == expected
                || (expected == TaskState::Canceled && state(world, &task) == TaskState::Failed);
            assert!(is_as_expected, "{service}: {:?}", state(world, &task));
        }
    }
}

/// The workflow was terminated while the message waited.
pub(super) async fn closed_task_is_explained_by_its_history(world: &World) {
    let task = world.open(order("order-8"));
    let activity = task.activity.clone().unwrap();
    let terminate =
        "aws swf terminate-workflow-execution --domain DOMAIN --workflow-id WORKFLOW --run-id RUN";
    let terminate = Typed::new(world, "TasksNotQueuedAlarm", terminate).with("DOMAIN", &activity.domain);
    let terminate = terminate.with("WORKFLOW", &activity.workflow_id).with("RUN", &activity.run_id);
    terminate.env("AWS_ENDPOINT_URL", world.local.url()).run().await;
    world.send(&world.resource("Tasks"), &task).await;
    let mut worker = world.worker(&[("TASKBACK_ASK_HISTORY", "on")]);
    worker.line("task.closed_by_other").await;
    let log = world.stop(worker).await;
    assert_eq!(field(&log, "task.closed_by_other", "closed_by"), "other");

    let alarm = "ClosedElsewhereAlarm";
    let short = field(&log, "task.closed_by_other", "task");
    let shown = Typed::new(world, alarm, SHOW).with("TASK", short).run().await;
    let id = |name: &str| {
        let words = shown.stdout.split_whitespace();
        words
            .filter_map(|word| word.strip_prefix(name))
            .next()
            .unwrap_or_else(|| panic!("{}", shown.stdout))
            .to_owned()
    };
    let history =
        "aws swf get-workflow-execution-history --domain DOMAIN --execution workflowId=WORKFLOW,runId=RUN";
    let history = Typed::new(world, alarm, history).with("DOMAIN", id("domain="));
    let history = history.with("WORKFLOW", id("workflowId=")).with("RUN", id("runId="));
    history.env("AWS_ENDPOINT_URL", world.local.url()).run().await;
}
