//! StartFlow with an FnF token: the end of the child execution ends the task.

use taskback::fnf_flow::StartFlow;
use taskback::{Services, Taskback};

use super::*;
use crate::support::{invoke, kept as kept_by};

impl Flows {
    /// A handler with a new ledger that delegates to the flow `child`.
    fn delegating(&self) -> Taskback {
        self.with_step(StartFlow::new(client(&self.server.url()), "child"))
    }

    pub(super) fn with_step(&self, step: StartFlow) -> Taskback {
        let services = Services::local(&self.server.url()).unwrap();
        Taskback::builder().step(step).services(services).build().unwrap()
    }

    /// Starts the flow `verify` and returns the envelope of the task that it waits for.
    async fn parent(&self, input: &Value) -> Value {
        self.start("verify", "parent").await;
        json!({"service": "fnf", "taskToken": self.token("verify").await, "input": input})
    }
}

async fn flows() -> Flows {
    let flows = Flows::new().await;
    flows.waiting("child", 60).await;
    flows
}

#[tokio::test]
async fn delegated_output_reaches_the_waiting_flow() {
    let flows = flows().await;
    let envelope = flows.parent(&json!({"n": 1})).await;
    let event = direct_event(&envelope.to_string());
    let answer = invoke(&flows.delegating(), &event).await.unwrap();
    assert_eq!((&answer["receipt"], &answer["outcome"]), (&json!("delegated"), &json!("delegated")));
    let name = format!("tb-{}", answer["fingerprint"].as_str().unwrap());
    assert_eq!(answer["to"], format!("child/{name}"));
    assert_eq!(flows.status("verify", "parent").await, "Running");

    assert_eq!(flows.describe("child", &name).await.input.as_deref(), Some(r#"{"n":1}"#));
    flows.succeed("child", &json!({"from": "child"})).await;
    let parent = flows.describe("verify", "parent").await;
    assert_eq!(parent.status.as_str(), "Succeeded");
    assert_eq!(parent.output.as_deref(), Some(r#"{"from":"child"}"#));
}

#[tokio::test]
async fn redelivery_at_any_point_delegates_once() {
    let flows = flows().await;
    let envelope = flows.parent(&json!({})).await;
    let message = |times| [Message::new("m", envelope.to_string()).received(times)];
    flows.fault("StartExecution", FaultKind::Refuse);
    assert_eq!(kept_by(&flows.delegating(), &message(1)).await, ["m"], "before the call");
    flows.fault("StartExecution", FaultKind::LostAck);
    let first = flows.delegating();
    assert_eq!(kept_by(&first, &message(2)).await, [""; 0], "the answer is lost");
    assert_eq!(kept_by(&first, &message(3)).await, [""; 0], "remembered");
    assert_eq!(kept_by(&flows.delegating(), &message(4)).await, [""; 0], "the child runs");
    flows.succeed("child", &json!({"n": 1})).await;
    assert_eq!(kept_by(&flows.delegating(), &message(5)).await, [""; 0], "the child has ended");
    assert_eq!(flows.executions("child").await.len(), 1);
    assert_eq!(flows.server.state().receive("child", 9), []);
    assert_eq!(flows.status("verify", "parent").await, "Succeeded");
    let reports: usize = flows.server.state().tasks().iter().map(|task| task.reports.len()).sum();
    assert_eq!(reports, 1, "only the child's own task was reported");
}

#[tokio::test]
async fn input_unfit_for_flows_fails_task() {
    for input in [json!([1]), json!("{}"), json!({"x": "x".repeat(70_000)})] {
        let flows = flows().await;
        let event = direct_event(&flows.parent(&input).await.to_string());
        let answer = invoke(&flows.delegating(), &event).await.unwrap();
        assert_eq!((&answer["outcome"], &answer["error"]), (&json!("failed"), &json!("InvalidInput")));
        assert_eq!(flows.status("verify", "parent").await, "Failed");
        assert_eq!(flows.executions("child").await.len(), 0);
    }
}

#[tokio::test]
async fn configuration_error_nacks_the_message() {
    let flows = flows().await;
    let message = [Message::new("m", flows.parent(&json!({})).await.to_string())];
    let fnf = || client(&flows.server.url());
    for step in [
        StartFlow::new(fnf(), "none"),
        StartFlow::new(fnf(), "1st"),
        StartFlow::new(fnf(), "child").prefix("a b"),
        StartFlow::new(fnf(), "child").qualifier("v2"),
    ] {
        assert_eq!(kept_by(&flows.with_step(step), &message).await, ["m"]);
    }
    assert_eq!(flows.status("verify", "parent").await, "Running");
    let step = StartFlow::new(fnf(), "child").prefix("orders-").qualifier("LATEST");
    assert_eq!(kept_by(&flows.with_step(step), &message).await, [""; 0]);
    let executions = flows.executions("child").await;
    assert!(executions[0].name.as_deref().unwrap().starts_with("orders-tb-"), "{executions:?}");
}
