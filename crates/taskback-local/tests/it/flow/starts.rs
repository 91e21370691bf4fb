use aliyun_fnf::{
    CreateFlow, DescribeExecution, ErrorKind, ExecutionMode, GetExecutionHistory, ListExecutions,
};
use taskback_local::{Fault, FaultKind};

use super::*;
use crate::client::{Rpc, server};

#[tokio::test]
async fn running_name_returns_running_execution() {
    let server = server().await;
    create(&server, "verify", VERIFY).await;
    let first = start(&server, "verify", "run", r#"{"n":1}"#).await;
    let again = start(&server, "verify", "run", r#"{"n":2}"#).await;
    assert_eq!(again.status.as_str(), "Running");
    assert_eq!(again.input.as_deref(), Some(r#"{"n":1}"#), "another input is ignored");
    assert_eq!(again.started_time, first.started_time);
    assert_eq!(server.state().receive("tasks", 9).len(), 1);
}

#[tokio::test]
async fn retry_finds_start_with_lost_response() {
    let server = server().await;
    create(&server, "verify", VERIFY).await;
    server.state().inject(Fault::new("StartExecution", FaultKind::LostAck)).unwrap();
    let request = StartExecution::new("verify").execution_name("run");
    let lost = call(&server, request.clone()).await.unwrap_err();
    assert_eq!((lost.kind(), lost.may_have_been_sent()), (ErrorKind::NoResponse, true));
    assert_eq!(call(&server, request).await.unwrap().status.as_str(), "Running");
    assert_eq!(server.state().receive("tasks", 9).len(), 1);
}

#[tokio::test]
async fn ended_name_is_refused() {
    let server = server().await;
    create(&server, "verify", VERIFY).await;
    for name in ["well", "badly"] {
        start(&server, "verify", name, "{}").await;
        let token = token(&server);
        if name == "well" {
            succeed(&server, &token, "{}").await.unwrap();
        } else {
            fail(&server, &token, "E", "c").await.unwrap();
        }
        let again = call(&server, StartExecution::new("verify").execution_name(name)).await;
        assert_eq!(refused(again), (400, "ExecutionAlreadyExists".to_owned()));
    }
    assert_eq!(server.state().receive("tasks", 9), []);
}

#[tokio::test]
async fn unnamed_starts_are_separate_executions() {
    let server = server().await;
    create(&server, "pass", PASS).await;
    let one = call(&server, StartExecution::new("pass")).await.unwrap();
    let other = call(&server, StartExecution::new("pass")).await.unwrap();
    assert_ne!(one.name, other.name);
    let named = describe(&server, "pass", one.name.as_deref().unwrap()).await;
    assert_eq!((named.status.as_str(), named.output.as_deref()), ("Succeeded", Some("{}")));
}

#[tokio::test]
async fn missing_flow_and_execution_differ() {
    let server = server().await;
    create(&server, "pass", PASS).await;
    let no_flow = (404, "FlowNotExists".to_owned());
    let no_execution = (404, "ExecutionNotExists".to_owned());
    assert_eq!(refused(call(&server, StartExecution::new("none")).await), no_flow);
    assert_eq!(refused(call(&server, DescribeExecution::new("none", "run")).await), no_flow);
    assert_eq!(refused(call(&server, ListExecutions::new("none")).await), no_flow);
    assert_eq!(refused(call(&server, DescribeExecution::new("pass", "run")).await), no_execution);
    assert_eq!(refused(call(&server, GetExecutionHistory::new("pass", "run")).await), no_execution);
}

#[tokio::test]
async fn only_standard_flows_start() {
    let server = server().await;
    let express = CreateFlow::new("express", PASS, "d").execution_mode(ExecutionMode::Express);
    call(&server, express).await.unwrap();
    let error = call(&server, StartExecution::new("express")).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(400), Some("InvalidArgument")));
    assert!(error.message().contains("Standard"), "{}", error.message());
}

#[tokio::test]
async fn invalid_start_is_refused_by_field() {
    let server = server().await;
    create(&server, "pass", PASS).await;
    let long = "x".repeat(129);
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(64 * 1024));
    let token = "t".repeat(4097);
    for (name, value, code) in [
        ("FlowName", "", "InvalidArgument"),
        ("FlowName", "1st", "InvalidArgument"),
        ("ExecutionName", "", "InvalidArgument"),
        ("ExecutionName", "a.b", "InvalidArgument"),
        ("ExecutionName", "é", "InvalidArgument"),
        ("ExecutionName", long.as_str(), "InvalidArgument"),
        ("Input", "", "InvalidArgument"),
        ("Input", "[]", "InvalidArgument"),
        ("Input", "\"{}\"", "InvalidArgument"),
        ("Input", "{} {}", "InvalidArgument"),
        ("Input", large.as_str(), "EntityTooLarge"),
        ("CallbackFnFTaskToken", token.as_str(), "InvalidArgument"),
        ("CallbackFnFTaskToken", "", "InvalidArgument"),
        ("Qualifier", "v2", "InvalidArgument"),
    ] {
        let flow = [("FlowName", "pass"), (name, value)];
        let request = Rpc::new("StartExecution", if name == "FlowName" { &flow[1..] } else { &flow });
        let answer = request.send(&server).await.unwrap();
        assert_eq!((answer.status, answer.code()), (400, code.to_owned()), "{name}");
        assert!(answer.json()["Message"].as_str().unwrap().starts_with(name), "{}", answer.body);
    }
    let bare = Rpc::new("StartExecution", &[]).code(&server).await;
    assert_eq!(bare, (400, "MissingRequiredParams".to_owned()));
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
    start(&server, "pass", "deep", &deep).await;
    assert_eq!(status(&server, "pass", "deep").await, "Succeeded");
}

#[tokio::test]
async fn invalid_query_is_refused_by_field() {
    let server = server().await;
    create(&server, "pass", PASS).await;
    start(&server, "pass", "run", "{}").await;
    for (action, name, values) in [
        ("DescribeExecution", "WaitTimeSeconds", vec!["61", "-1", "x", ""]),
        ("GetExecutionHistory", "Limit", vec!["0", "1001", "x"]),
        ("GetExecutionHistory", "NextToken", vec!["0", "99", "x", ""]),
        ("ListExecutions", "Limit", vec!["0", "101"]),
        ("ListExecutions", "NextToken", vec!["x"]),
        ("ListExecutions", "Status", vec!["Done", ""]),
    ] {
        for value in values {
            let request = [("FlowName", "pass"), ("ExecutionName", "run"), (name, value)];
            let answer = Rpc::get(action, &request).send(&server).await.unwrap();
            assert_eq!((answer.status, answer.code()), (400, "InvalidArgument".to_owned()), "{name}={value}");
            assert!(answer.json()["Message"].as_str().unwrap().starts_with(name), "{}", answer.body);
        }
    }
    let posted = Rpc::new("DescribeExecution", &[("FlowName", "pass"), ("ExecutionName", "run")]);
    assert_eq!(posted.code(&server).await, (400, "UnsupportedHTTPMethod".to_owned()));
}
