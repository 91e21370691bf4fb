//! Two flows from their start to their end: the task of one is told by the handler, the task of the other by
//! the end of a third, which it is handed to.

use std::error::Error;
use std::sync::Arc;

use aliyun_fnf::{Client, CreateFlow, Credentials, DescribeExecution, StartExecution};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use taskback::core::{Service, TaskToken};
use taskback::flow::StartFlow;
use taskback::ledger::Memory;
use taskback::{Services, Taskback, verify_card};
use taskback_local::{Server, TaskState};

use super::TIMEOUT;
use super::messages::{Expected, Message, VALID};
use super::table::Style;

/// What the flows delivered, and how their executions ended.
pub(super) struct Flows {
    pub(super) messages: Vec<Message>,
    pub(super) ended: Vec<Ended>,
}

/// One execution.
pub(super) struct Ended {
    /// Flow and execution; a long name is cut.
    pub(super) name: String,
    pub(super) status: String,
    output: String,
}

/// Runs both.
pub(super) async fn run(server: &Server, ledger: &Arc<Memory>) -> Result<Flows, Box<dyn Error>> {
    let keys = Credentials::new("taskback-local", "taskback-local-secret");
    let fnf = Client::builder().endpoint(server.url()).credentials(keys).build()?;
    // Two handlers, as two functions would be: each has a queue of its own.
    let builder = || Ok::<_, taskback::Error>(Taskback::builder().services(Services::local(&server.url())?));
    let cards = builder()?.step(verify_card).ledger(ledger.clone()).build()?;
    let orders = builder()?.step(StartFlow::new(fnf.clone(), "verify")).ledger(ledger.clone()).build()?;
    for (flow, queue) in [("verify", "cards"), ("order", "orders")] {
        fnf.call(CreateFlow::new(flow, definition(queue).to_string(), "of the demo")).await?;
    }
    let start = |flow: &str, name: &str| {
        let input = json!({ "cardNumber": VALID });
        fnf.call(StartExecution::new(flow).execution_name(name).input(input.to_string()))
    };

    start("verify", "card-1").await?;
    let mut whole = received(server, "cards", "the task of a flow")?;
    deliver(&cards, &mut whole).await?;

    start("order", "order-1").await?;
    let mut handed = received(server, "orders", "the task of another, handed to a third flow")?;
    deliver(&orders, &mut handed).await?;
    let mut third = received(server, "cards", "the task of that third flow")?;
    deliver(&cards, &mut third).await?;

    let mut child = String::from("tb-");
    if let Some(task) = &mut handed.task {
        task.handed_over = true;
        child.push_str(&task.fingerprint.hex());
    }
    let mut ended = Vec::new();
    for (flow, name) in [("verify", "card-1"), ("order", "order-1"), ("verify", &child)] {
        let execution = fnf.call(DescribeExecution::new(flow, name)).await?;
        let name: String = match name.char_indices().nth(11) {
            Some((at, _)) => format!("{}…", &name[..at]),
            None => name.to_owned(),
        };
        ended.push(Ended {
            name: format!("{flow}/{name}"),
            status: execution.status.as_str().to_owned(),
            output: execution.output.map(|output| output.into_string()).unwrap_or_default(),
        });
    }
    Ok(Flows { messages: vec![whole, handed, third], ended })
}

/// The executions, a line each.
pub(super) fn render(ended: &[Ended], style: &Style) -> String {
    let width = ended.iter().map(|execution| execution.name.chars().count()).max().unwrap_or_default();
    let line = |Ended { name, status, output }: &Ended| format!("{name:width$}  {status}  {output}\n");
    format!("{}\n{}", style.bold("Their executions"), ended.iter().map(line).collect::<String>())
}

/// One state, which sends its token to a queue and waits for the report.
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

/// The message that the flow has sent.
fn received(server: &Server, queue: &str, what: &'static str) -> Result<Message, Box<dyn Error>> {
    let message = server.state().receive(queue, 1).pop().ok_or_else(|| format!("{queue} got no message"))?;
    let body: Value = serde_json::from_str(&message.body)?;
    let token = TaskToken::new(Service::Fnf, body["taskToken"].as_str().unwrap_or_default())?;
    let (service, fingerprint) = (Service::Fnf, token.fingerprint());
    let task = Expected { service, fingerprint, state: TaskState::Succeeded, handed_over: false };
    Ok(Message { what, body, task: Some(task), kept: true })
}

async fn deliver(to: &Taskback, message: &mut Message) -> Result<(), Box<dyn Error>> {
    message.kept = to.handle(&to_raw_value(&message.body)?, TIMEOUT).await.is_err();
    Ok(())
}
