//! A request for a flow that failed; executions that an operator looks at.

use std::fs;

use serde_json::{Value, json};
use taskback::{Outcome, Service, TaskToken};
use taskback_local::OpenTask;

use super::typed::Typed;
use super::world::{World, member};
use crate::flow::flows::Flows;
use crate::task::setup::decide;

const ALARM: &str = "FailedFlowRequestsAlarm";
const DESCRIBE: &str = "taskback flow describe FLOW EXECUTION";

/// The request is sent again, by the command and by the function, and its message is deleted.
pub(super) async fn failed_request_is_sent_again(world: &World) {
    let flows = Flows::new().await;
    let queue = world.resource("FailedFlowRequests");
    let request = json!({"action": "start", "flowName": "verify", "input": {"n": 1}});
    let record = json!({"requestContext": {"requestId": "first-1"}, "requestPayload": request});
    let send = world.sqs().send_message().queue_url(&queue).message_body(record.to_string());
    send.send().await.unwrap();

    let receive =
        Typed::new(world, ALARM, "aws sqs receive-message --queue-url URL --visibility-timeout 600");
    let received = receive.with("URL", &queue).run().await;
    let body: Value = serde_json::from_str(&member(&received.stdout, "/Messages/0/Body")).unwrap();
    let start = "taskback flow start FLOW --name NAME --input JSON";
    // The second one starts nothing.
    for _ in 0..2 {
        let start = Typed::new(world, ALARM, start).with("FLOW", "verify").with("NAME", "order-9");
        let start = start.with("JSON", body["requestPayload"]["input"].to_string());
        start.env("FNF_ENDPOINT", flows.url()).run().await;
    }
    started(world, &flows).await;
    let describe = Typed::new(world, ALARM, "taskback flow describe FLOW NAME");
    describe.with("FLOW", "verify").with("NAME", "order-9").env("FNF_ENDPOINT", flows.url()).run().await;

    let mut named = body["requestPayload"].clone();
    named["firstMessage"] = body["requestContext"]["requestId"].clone();
    let file = world.folder.join("request.json");
    fs::write(&file, named.to_string()).unwrap();
    let invoke = "aws lambda invoke --function-name FLOW_CONTROL --payload fileb://FILE answer.json";
    let invoke = Typed::new(world, ALARM, invoke).with("FLOW_CONTROL", world.resource("FlowControl"));
    invoke.with("FILE", file.to_str().unwrap()).run().await;
    // moto's function answers with its payload.
    assert_eq!(fs::read_to_string(world.folder.join("answer.json")).unwrap(), named.to_string());

    let delete = "aws sqs delete-message --queue-url URL --receipt-handle HANDLE";
    let delete = Typed::new(world, ALARM, delete).with("URL", &queue);
    delete.with("HANDLE", member(&received.stdout, "/Messages/0/ReceiptHandle")).run().await;
    stopped_execution_is_shown(world, &flows).await;
    delegated_execution_is_shown(world, &flows).await;
}

async fn stopped_execution_is_shown(world: &World, flows: &Flows) {
    for (section, command) in [
        ("flow.failed", "taskback flow stop FLOW EXECUTION"),
        ("flow.failed", DESCRIBE),
        ("ClosedElsewhereAlarm", DESCRIBE),
    ] {
        let command = Typed::new(world, section, command).with("FLOW", "verify").with("EXECUTION", "order-9");
        command.env("FNF_ENDPOINT", flows.url()).run().await;
    }
}

/// The execution that a task was handed to has a name made of the task's fingerprint.
async fn delegated_execution_is_shown(world: &World, flows: &Flows) {
    let task = world.open(OpenTask::new(Service::Fnf));
    decide(&world.ledger(), &task.token, &Outcome::DelegatedTo { to: "verify".into() }).await;
    let section = "task.delegation_unconfirmed";
    let show = Typed::new(world, section, "taskback task show TASK");
    let shown = show.with("TASK", &task.fingerprint[..8]).run().await;
    let fingerprint = shown.stdout.split_whitespace().nth(1).unwrap();
    let name = format!("tb-{fingerprint}");
    flows.start_as("verify", &format!("tb-{}", task.fingerprint)).await;
    started(world, flows).await;
    let describe = Typed::new(world, section, DESCRIBE).with("FLOW", "verify").with("EXECUTION", name);
    describe.env("FNF_ENDPOINT", flows.url()).run().await;
}

/// The execution has sent its task.
async fn started(world: &World, flows: &Flows) {
    flows.waits().await;
    world.hide(TaskToken::new(Service::Fnf, flows.token()).unwrap());
}
