//! The stack, a poller, a database, an event: what needs no task.

use std::path::{Path, PathBuf};

use aws_sdk_sqs::types::QueueAttributeName;

use super::typed::Typed;
use super::world::{World, member};
use crate::python;
use crate::run::event;
use crate::serve::setup::stop;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Its names are those of template.yaml. From then on no function takes a message from the queue of the tasks.
pub(super) async fn stack_is_described_and_turned_off(world: &World) {
    let describe = "aws cloudformation describe-stack-resources --stack-name STACK";
    let described =
        Typed::new(world, "Before the first alarm", describe).with("STACK", "taskback").run().await;
    let template = std::fs::read_to_string(root().join("template.yaml")).unwrap();
    for name in
        ["Tasks", "DeadLetters", "FailedFlowRequests", "LedgerTable", "WorkerLogs", "Worker", "FlowControl"]
    {
        assert!(template.contains(&format!("\n  {name}:\n")), "{name}");
        assert!(described.stdout.contains(&format!(r#""LogicalResourceId": "{name}""#)), "{name}");
    }
    let worker = world.resource("Worker");
    let list = "aws lambda list-event-source-mappings --function-name WORKER";
    Typed::new(world, "OldestMessageAlarm", list).with("WORKER", &worker).run().await;
    let list = "aws lambda list-event-source-mappings --function-name FUNCTION";
    let listed = Typed::new(world, "Turn off", list).with("FUNCTION", &worker).run().await;
    let disable = "aws lambda update-event-source-mapping --uuid ID --no-enabled";
    let id = member(&listed.stdout, "/EventSourceMappings/0/UUID");
    Typed::new(world, "Turn off", disable).with("ID", id).run().await;
}

pub(super) async fn secret_is_replaced(world: &World) {
    let file = world.folder.join("secret.json");
    std::fs::write(&file, r#"{"accessKeyId":"new","accessKeySecret":"new-key-of-fnf"}"#).unwrap();
    let put = "aws secretsmanager put-secret-value --secret-id SECRET --secret-string file://FILE";
    let put = Typed::new(world, "Rotate the secret", put).with("SECRET", world.resource("Secret"));
    let put = put.with("FILE", file.to_str().unwrap()).run().await;
    assert!(!put.stdout.contains("new-key-of-fnf"), "{}", put.stdout);
}

/// The queue refuses a message of that size, so the task that SWF gave out is failed. Its workflow is ended by the ids of
/// the line.
pub(super) async fn unqueued_task_is_ended_at_its_service(world: &World) {
    let moto = &*world.moto.url;
    let input = format!("{:?}", "x".repeat(2000));
    let arguments = ["--endpoint", moto, "--unpolled", "--input", &input];
    let workflow = python::run("swf_tasks.py", &arguments, "").await.remove(0);
    let create = world.sqs().create_queue().queue_name("small");
    let small = create.attributes(QueueAttributeName::MaximumMessageSize, "1024").send().await.unwrap();
    let text = |pointer: &str| workflow.pointer(pointer).unwrap().as_str().unwrap();
    let poll = Typed::new(world, "Turn off", "taskback poll").env("AWS_ENDPOINT_URL_SWF", moto);
    let poll = poll.env("TASKBACK_QUEUE_URL", small.queue_url.unwrap());
    let poll =
        poll.env("TASKBACK_SWF_DOMAIN", text("/domain")).env("TASKBACK_SWF_TASK_LIST", text("/taskList"));
    let (mut poller, row) = poll.start();
    let line = poller.line("poller.task_not_queued").await;
    let printed = stop(poller).await;
    world.checked(row, Some(0), &printed);

    let terminate =
        "aws swf terminate-workflow-execution --domain DOMAIN --workflow-id WORKFLOW --run-id RUN";
    let terminate =
        Typed::new(world, "TasksNotQueuedAlarm", terminate).with("DOMAIN", member(&line, "/domain"));
    let terminate = terminate.with("WORKFLOW", member(&line, "/workflow")).with("RUN", member(&line, "/run"));
    terminate.run().await;

    let alarm = "TasksNotQueuedAlarm";
    let list = "aws stepfunctions list-executions --state-machine-arn ARN --status-filter RUNNING";
    let listed = Typed::new(world, alarm, list).with("ARN", world.resource("StateMachine")).run().await;
    let execution = member(&listed.stdout, "/executions/0/executionArn");
    assert_eq!(execution, world.resource("Execution"));
    let end = "aws stepfunctions stop-execution --execution-arn EXECUTION";
    Typed::new(world, alarm, end).with("EXECUTION", execution).run().await;
}

pub(super) async fn database_is_made_checked_and_swept(world: &World) {
    let store = format!("sqlite:{}", world.folder.join("ledger.db").display());
    for (section, command) in [
        ("Upgrade", "taskback ledger init --ledger STORE"),
        ("Upgrade", "taskback ledger init --apply --ledger STORE"),
        ("Upgrade", "taskback ledger check --ledger STORE"),
        ("ledger.unavailable", "taskback ledger check --ledger STORE"),
        ("ledger.unavailable", "taskback ledger sweep --ledger STORE"),
    ] {
        Typed::new(world, section, command).with("STORE", &store).run().await;
    }
}

pub(super) async fn template_and_events_are_tried(world: &World) {
    let template = root().join("template");
    let doctor = Typed::new(world, "Upgrade", "taskback doctor template.yaml --parameter Step=STEP");
    doctor.with("template", template.to_str().unwrap()).with("STEP", "verify-card").run().await;
    let refused = Typed::new(world, "event.rejected", "taskback invoke --open -e FILE");
    refused.with("FILE", event("foreign-s3")).run().await;
    let worker = Path::new(env!("CARGO_BIN_EXE_taskback")).with_file_name("worker");
    let function = "taskback invoke --function PROGRAM --open -e FILE";
    let function = Typed::new(world, "process.panicked", function).with("PROGRAM", worker.to_str().unwrap());
    function.with("FILE", event("sqs-success")).env("TASKBACK_STEP", "verify-card").run().await;
}
