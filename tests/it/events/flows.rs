//! Events that start and stop executions of two flows: the task of `order` waits for a report, and `audit`
//! ends at once with its input as output.

use aliyun_fnf::{ListExecutions, StartExecution};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use taskback::Handler;
use taskback::fnf_flow::{ExecutionView, FlowControl};

use super::{answered, holds};
use crate::flow::{Flows, client};
use crate::support::MINUTE;

/// `before` are the executions that exist before the event, `executions` those after it.
pub(super) async fn check(
    event: &RawValue,
    before: &[Value],
    answer: &Value,
    mut executions: Vec<Value>,
) -> Result<(), String> {
    let flows = Flows::new().await;
    flows.waiting("order", 600).await;
    flows.create("audit", json!({"Type": "Pass", "Name": "audit", "End": true})).await;
    for execution in before {
        let text = |name: &str| execution[name].as_str().unwrap();
        let start = StartExecution::new(text("flowName")).execution_name(text("executionName"));
        flows.fnf.call(start.input(execution["input"].to_string())).await.unwrap();
    }
    let control = FlowControl::new(client(&flows.server.url()));
    answered(control.handle(event, MINUTE, "invocation-1").await, answer)?;

    let mut seen = Vec::new();
    for flow in ["order", "audit"] {
        let listed = flows.fnf.call(ListExecutions::new(flow)).await.unwrap().executions;
        seen.extend(
            listed.iter().map(|execution| serde_json::to_value(ExecutionView::of(execution)).unwrap()),
        );
    }
    // The executions of one batch start concurrently.
    let name = |execution: &Value| execution["executionName"].as_str().unwrap().to_owned();
    seen.sort_by_key(name);
    executions.sort_by_key(name);
    if seen.len() != executions.len() {
        return Err(format!("executions: {seen:?}"));
    }
    seen.iter().zip(&executions).try_for_each(|(seen, expected)| {
        holds(seen, expected).map_err(|fault| format!("executions: {fault}"))
    })
}
