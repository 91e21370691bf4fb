//! Names of executions: no sender can use the name of a task, and two inputs are never confused.

use taskback::Service;
use taskback::fnf_flow::StartFlow;
use taskback_local::{OpenTask, TaskState};

use super::*;
use crate::support::kept as kept_by;

fn named(id: &str, name: &str, input: &str) -> Message {
    let body = json!({"action": "start", "flowName": "pass", "executionName": name}).to_string();
    Message::new(id, body.replace('}', &format!(",\"input\":{input}}}")))
}

/// An HTTP step receives the fingerprint, so another sender can know it.
#[tokio::test]
async fn message_cannot_use_a_task_name() {
    for prefix in ["", "orders-"] {
        let flows = Flows::new().await;
        let task = flows.server.state().open(OpenTask::new(Service::Fnf)).unwrap();
        let name = format!("{prefix}tb-{}", task.fingerprint);
        assert_eq!(flows.batch(&[named("m", &name, "{}")]).await, ["m"]);
        let error = flows.direct(json!({"action": "start", "flowName": "pass", "executionName": name})).await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains("executionName must not end in tb- and 64 hexadecimal digits"), "{error}");
        assert_eq!(flows.executions("pass").await.len(), 0);

        let step = StartFlow::new(client(&flows.server.url()), "pass").prefix(prefix);
        let body = json!({"service": "fnf", "taskToken": task.token.expose(), "input": {}});
        assert_eq!(kept_by(&flows.with_step(step), &[Message::new("t", body.to_string())]).await, [""; 0]);
        assert_eq!(flows.server.state().task(&task.fingerprint).unwrap().state, TaskState::Succeeded);
    }
}

#[tokio::test]
async fn message_may_stop_a_task_execution() {
    let flows = Flows::new().await;
    let task = flows.server.state().open(OpenTask::new(Service::Fnf)).unwrap();
    let step = StartFlow::new(client(&flows.server.url()), "verify");
    let body = json!({"service": "fnf", "taskToken": task.token.expose(), "input": {}});
    assert_eq!(kept_by(&flows.with_step(step), &[Message::new("t", body.to_string())]).await, [""; 0]);
    let name = format!("tb-{}", task.fingerprint);
    assert_eq!(flows.batch(&[Message::new("m", stop(&name).to_string())]).await, [""; 0]);
    assert_eq!(flows.status("verify", &name).await, "Stopped");
}

#[tokio::test]
async fn input_with_other_number_differs() {
    let deep = |inside: &str| format!("{{\"d\":{}{inside}{}}}", "[".repeat(300), "]".repeat(300));
    for (first, same, other) in [
        (
            r#"{"account":12345678901234567890121}"#.to_owned(),
            r#"{"account": 12345678901234567890121.0}"#.to_owned(),
            r#"{"account":12345678901234567890122}"#.to_owned(),
        ),
        (r#"{"n":1e400}"#.to_owned(), r#"{"n":10e399}"#.to_owned(), r#"{"n":2e400}"#.to_owned()),
        (deep("1"), deep("1.0"), deep("2")),
        (r#"{"a":1,"a":2}"#.to_owned(), r#"{"a":1,"a":2.0}"#.to_owned(), r#"{"a":2,"a":2}"#.to_owned()),
    ] {
        let flows = Flows::new().await;
        assert_eq!(flows.batch(&[named("first", "order", &first)]).await, [""; 0], "{first}");
        assert_eq!(flows.batch(&[named("same", "order", &same)]).await, [""; 0], "{same}");
        assert_eq!(flows.batch(&[named("other", "order", &other)]).await, ["other"], "{other}");
        assert_eq!(flows.executions("pass").await.len(), 1);
        assert_eq!(flows.describe("pass", "order").await.input.as_deref(), Some(&*first));
    }
}
