//! Two flows from start to end. The handler reports the task of the first. The task of the second is delegated to a third
//! flow, whose end reports it.

use std::error::Error;
use std::sync::Arc;

use aliyun_fnf::{Client, CreateFlow, Credentials, DescribeExecution, StartExecution};
use serde_json::{Value, json};
use taskback::examples::verify_card;
use taskback::fnf_flow::StartFlow;
use taskback::ledger::Ledger;
use taskback::{Service, Services, TaskToken, Taskback};
use taskback_local::{Server, TaskState};

use super::delivery;
use super::messages::{ExpectedTask, Message, VALID};
use super::table::Style;

/// The messages of the flows, and their executions.
pub(super) struct FlowResults {
    pub(super) messages: Vec<Message>,
    pub(super) executions: Vec<FinishedExecution>,
}

/// One execution after its end.
pub(super) struct FinishedExecution {
    /// Flow and execution; a long name is truncated.
    pub(super) name: String,
    pub(super) status: String,
    output: String,
}

/// Runs both flows.
pub(super) async fn run(server: &Server, ledger: &Arc<dyn Ledger>) -> Result<FlowResults, Box<dyn Error>> {
    let keys = Credentials::new("taskback-local", "taskback-local-secret");
    let fnf = Client::builder().endpoint(server.url()).credentials(keys).build()?;
    // Two handlers like two functions, each with its own queue.
    let builder = || Ok::<_, taskback::Error>(Taskback::builder().services(Services::local(&server.url())?));
    let cards = builder()?.step(verify_card).ledger(ledger.clone()).build()?;
    let orders = builder()?.step(StartFlow::new(fnf.clone(), "verify")).ledger(ledger.clone()).build()?;
    for (flow, queue) in [("verify", "cards"), ("order", "orders")] {
        fnf.call(CreateFlow::new(flow, definition(queue).to_string(), "Flow of the demo")).await?;
    }
    let start = |flow: &str, name: &str| {
        let input = json!({ "cardNumber": VALID });
        fnf.call(StartExecution::new(flow).execution_name(name).input(input.to_string()))
    };

    start("verify", "card-1").await?;
    let mut reported = receive(server, "cards", "the task of a flow")?;
    deliver(&cards, &mut reported).await?;

    start("order", "order-1").await?;
    let mut delegated = receive(server, "orders", "the task of another flow, delegated to a third")?;
    deliver(&orders, &mut delegated).await?;
    let mut third = receive(server, "cards", "the task of the third flow")?;
    deliver(&cards, &mut third).await?;

    let mut child = String::from("tb-");
    if let Some(task) = &mut delegated.task {
        task.is_delegated = true;
        child.push_str(&task.fingerprint.hex());
    }
    let mut executions = Vec::new();
    for (flow, name) in [("verify", "card-1"), ("order", "order-1"), ("verify", &child)] {
        let execution = fnf.call(DescribeExecution::new(flow, name)).await?;
        let name: String = match name.char_indices().nth(11) {
            Some((at, _)) => format!("{}…", &name[..at]),
            None => name.to_owned(),
        };
        executions.push(FinishedExecution {
            name: format!("{flow}/{name}"),
            status: execution.status.as_str().to_owned(),
            output: execution.output.map(|output| output.into_string()).unwrap_or_default(),
        });
    }
    Ok(FlowResults { messages: vec![reported, delegated, third], executions })
}

/// The executions, one line each.
pub(super) fn render(executions: &[FinishedExecution], style: &Style) -> String {
    let width = executions.iter().map(|execution| execution.name.chars().count()).max().unwrap_or_default();
    let line = |FinishedExecution { name, status, output }: &FinishedExecution| {
        format!("{name:width$}  {status}  {output}\n")
    };
    format!("{}\n{}", style.bold("Executions of the flows"), executions.iter().map(line).collect::<String>())
}

/// A flow with one state, which sends its token to a queue and waits for the report.
fn definition(queue: &str) -> Value {
    let message =
        json!({ "service": "fnf", "taskToken.$": "$Context.Current.TaskToken", "input.$": "$Input" });
    let queue = format!("acs:mns:cn-hangzhou:1:/queues/{queue}/messages");
    let state = json!({
        "Type": "Task",
        "Name": "verify",
        "Action": "MNS:SendMessage",
        "TaskMode": "WaitForCustomCallback",
        "Timeout": 60,
        "Parameters": { "resourceArn": queue, "message": message },
        "End": true,
    });
    json!({ "Type": "StateMachine", "SpecVersion": "v1", "StartAt": "verify", "States": [state] })
}

/// Receives the message that a flow has sent.
fn receive(server: &Server, queue: &str, description: &'static str) -> Result<Message, Box<dyn Error>> {
    let message = server.state().receive(queue, 1).pop().ok_or_else(|| format!("{queue} got no message"))?;
    let body: Value = serde_json::from_str(&message.body)?;
    let token = TaskToken::new(Service::Fnf, body["taskToken"].as_str().unwrap_or_default())?;
    let (service, fingerprint) = (Service::Fnf, token.fingerprint());
    let task = ExpectedTask { service, fingerprint, state: TaskState::Succeeded, is_delegated: false };
    Ok(Message { description, body, task: Some(task), nacked: true, reason: None })
}

async fn deliver(to: &Taskback, message: &mut Message) -> Result<(), Box<dyn Error>> {
    let event = message.body.clone();
    delivery::deliver(to, &delivery::Reasons::default(), message, &event).await
}
