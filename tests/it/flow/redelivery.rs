//! A start that is redelivered, at every point, leaves one execution.

use super::*;

fn message() -> Message {
    let body = json!({"action": "start", "flowName": "verify", "input": {"n": 1}});
    Message::new("message-1", body.to_string())
}

impl Flows {
    /// Asserts that the message started one execution, which sent one task.
    async fn assert_one(&self, tasks: usize) {
        let executions = self.executions("verify").await;
        assert_eq!(executions.len(), 1, "{executions:?}");
        assert!(executions[0].name.as_deref().unwrap().starts_with("tb-"), "{executions:?}");
        assert_eq!(self.server.state().receive("verify", 9).len(), tasks);
    }
}

#[tokio::test]
async fn redelivery_after_refusal_starts_once() {
    for kind in [FaultKind::Refuse, FaultKind::Skewed] {
        let flows = Flows::new().await;
        flows.server.state().inject(Fault::new("StartExecution", kind).times(2)).unwrap();
        assert_eq!(flows.batch(&[message()]).await, ["message-1"], "{kind}");
        assert_eq!(flows.executions("verify").await.len(), 0, "{kind}");
        flows.server.state().clear_faults();
        assert_eq!(flows.batch(&[message().received(2)]).await, [""; 0], "{kind}");
        flows.assert_one(1).await;
    }
}

/// Whether the service accepted the call or not.
#[tokio::test]
async fn lost_response_starts_once() {
    for kind in [FaultKind::LostAck, FaultKind::Cut, FaultKind::Html502] {
        let flows = Flows::new().await;
        flows.fault("StartExecution", kind);
        assert_eq!(flows.batch(&[message()]).await, [""; 0], "{kind}: tried again at once");
        assert_eq!(flows.batch(&[message().received(2)]).await, [""; 0], "{kind}");
        flows.assert_one(1).await;
    }
}

#[tokio::test(start_paused = true)]
async fn redelivery_after_deadline_starts_once() {
    let flows = Flows::new().await;
    let slow = Fault::new("StartExecution", FaultKind::Delay(Duration::from_secs(30)));
    flows.server.state().inject(slow.times(9)).unwrap();
    let answer = handle(&flows.control(), &sqs_event(&[message()]), Duration::from_secs(3)).await;
    assert_eq!(kept(answer.unwrap()), ["message-1"]);
    flows.server.state().clear_faults();
    assert_eq!(flows.batch(&[message().received(2)]).await, [""; 0]);
    flows.assert_one(1).await;
}

#[tokio::test]
async fn concurrent_deliveries_start_once() {
    let flows = Flows::new().await;
    let (one, other) = ([message()], [message()]);
    let (one, other) = tokio::join!(flows.batch(&one), flows.batch(&other));
    assert_eq!((one.len(), other.len()), (0, 0));
    assert_eq!(flows.batch(&[message().received(2), message().received(3)]).await, [""; 0]);
    flows.assert_one(1).await;
}

/// Whether the execution succeeded, failed or was stopped.
#[tokio::test]
async fn redelivery_after_end_starts_once() {
    for end in ["well", "badly", "stopped"] {
        let flows = Flows::new().await;
        assert_eq!(flows.batch(&[message()]).await, [""; 0]);
        let name = flows.executions("verify").await[0].name.clone().unwrap();
        match end {
            "well" => flows.succeed("verify", &json!({"n": 2})).await,
            "badly" => flows.fail("verify", "E", "c").await,
            _ => drop(flows.direct(stop(&name)).await.unwrap()),
        }
        assert_eq!(flows.batch(&[message().received(2)]).await, [""; 0], "{end}");
        flows.assert_one(usize::from(end == "stopped")).await;
    }
}

#[tokio::test]
async fn repeated_direct_start_returns_first_result() {
    let flows = Flows::new().await;
    let mut body = start("run");
    body["input"] = json!({"n": 1});
    assert_eq!(flows.direct(body.clone()).await.unwrap()["status"], "Starting");
    assert_eq!(flows.direct(body.clone()).await.unwrap()["status"], "Running");
    flows.succeed("verify", &json!({"n": 2})).await;
    let answer = flows.direct(body).await.unwrap();
    assert_eq!((&answer["status"], &answer["output"]), (&json!("Succeeded"), &json!({"n": 2})));
    assert_eq!(answer["input"], json!({"n": 1}));
}

/// Before and after the execution has ended. Another spelling of the same JSON is the same input.
#[tokio::test]
async fn same_name_with_other_input_fails() {
    let flows = Flows::new().await;
    let with = |input: &str| {
        let body = r#"{"action":"start","flowName":"verify","executionName":"run","input":INPUT}"#;
        Message::new("m", body.replace("INPUT", input))
    };
    assert_eq!(flows.batch(&[with(r#"{"a":1,"b":[2]}"#)]).await, [""; 0]);
    for ended in [false, true] {
        if ended {
            flows.succeed("verify", &json!({})).await;
        }
        assert_eq!(
            flows.batch(&[with(r#"{ "b": [2], "a": 1 }"#)]).await,
            [""; 0],
            "only written differently"
        );
        assert_eq!(flows.batch(&[with(r#"{"a":2,"b":[2]}"#)]).await, ["m"], "ended: {ended}");
        let error = flows.direct(start("run")).await.unwrap_err().to_string();
        let expected =
            "the task will be redelivered: executionName run is taken by an execution with another input";
        assert_eq!(error, expected, "ended: {ended}");
    }
    assert_eq!(flows.executions("verify").await.len(), 1);
}

/// From a message's queue and id, or from the id of the invocation.
#[tokio::test]
async fn execution_name_derives_from_delivery() {
    let flows = Flows::new().await;
    let body = json!({"action": "start", "flowName": "pass"});
    let messages = ["one", "two"].map(|id| Message::new(id, body.to_string()));
    assert_eq!(flows.batch(&messages).await, [""; 0]);
    assert_eq!(flows.batch(&messages).await, [""; 0]);
    let fifo = messages.map(|message| message.group("g"));
    assert_eq!(flows.batch(&fifo).await, [""; 0], "the same ids in another queue");
    assert_eq!(flows.executions("pass").await.len(), 4);

    let event = direct_event(&body.to_string());
    let first = flows.control().handle(&event, MINUTE, "invocation-1").await.unwrap();
    let again = flows.control().handle(&event, MINUTE, "invocation-1").await.unwrap();
    assert_eq!(value(&first)["executionName"], value(&again)["executionName"]);
    flows.control().handle(&event, MINUTE, "invocation-2").await.unwrap();
    assert_eq!(flows.executions("pass").await.len(), 6);
    let nameless = flows.control().handle(&event, MINUTE, "").await.unwrap_err();
    assert!(nameless.to_string().contains("executionName is missing"), "{nameless}");
}
