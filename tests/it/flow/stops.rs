use super::*;

#[tokio::test]
async fn stop_records_error_and_cause() {
    let flows = Flows::new().await;
    flows.start("verify", "run").await;
    let mut body = stop("run");
    body["error"] = json!("Sold");
    body["cause"] = json!("no stock");
    let answer = flows.direct(body).await.unwrap();
    assert_eq!((&answer["executionName"], &answer["status"]), (&json!("run"), &json!("Stopped")));
    let events = flows.history("verify", "run").await;
    assert_eq!(kinds(&events).last(), Some(&"ExecutionStopped"));
    let detail: Value = serde_json::from_str(events.last().unwrap().detail.as_deref().unwrap()).unwrap();
    assert_eq!(detail, json!({"error": "Sold", "cause": "no stock"}));
}

#[tokio::test]
async fn stop_of_ended_execution_succeeds() {
    let flows = Flows::new().await;
    flows.start("verify", "run").await;
    flows.succeed("verify", &json!({"n": 1})).await;
    let answer = flows.direct(stop("run")).await.unwrap();
    assert_eq!((&answer["status"], &answer["output"]), (&json!("Succeeded"), &json!({"n": 1})));
    assert_eq!(flows.batch(&[Message::new("m", stop("run").to_string())]).await, [""; 0]);
}

#[tokio::test]
async fn stop_before_start_is_redelivered() {
    let flows = Flows::new().await;
    let message = || Message::new("m", stop("run").to_string());
    assert_eq!(flows.batch(&[message()]).await, ["m"]);
    let error = flows.direct(stop("run")).await.unwrap_err();
    assert!(error.to_string().contains("404 ExecutionNotExists"), "{error}");
    flows.start("verify", "run").await;
    assert_eq!(flows.batch(&[message().received(2)]).await, [""; 0]);
    assert_eq!(flows.status("verify", "run").await, "Stopped");
}

#[tokio::test]
async fn conflicting_or_lost_stop_is_retried() {
    for kind in [FaultKind::Conflict, FaultKind::LostAck, FaultKind::Throttle, FaultKind::Error500] {
        let flows = Flows::new().await;
        flows.start("verify", "run").await;
        flows.fault("StopExecution", kind);
        let answer = flows.direct(stop("run")).await.unwrap();
        assert_eq!(answer["status"], "Stopped", "{kind}");
        assert_eq!(flows.server.state().faults(), [], "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn slow_stop_is_awaited_on_request() {
    for (wait, expected) in [(0, "Running"), (30, "Stopped")] {
        let flows = Flows::new().await;
        flows.start("verify", "run").await;
        flows.fault("StopExecution", FaultKind::Stopping(Duration::from_secs(5)));
        let mut body = stop("run");
        body["waitSeconds"] = json!(wait);
        assert_eq!(flows.direct(body).await.unwrap()["status"], expected, "{wait} s");
    }
}
