use aliyun_fnf::{DeleteFlow, DescribeExecution, DescribeFlow};
use taskback_local::TaskState;

use super::*;
use crate::client::{Rpc, local, server};

#[tokio::test]
async fn flow_is_created_described_deleted() {
    let server = server().await;
    let create = CreateFlow::new("verify", VERIFY, "for people").role_arn("acs:ram::1:role/r");
    let created = call(&server, create.clone()).await.unwrap();
    let seen = call(&server, DescribeFlow::new("verify")).await.unwrap();
    for flow in [&created, &seen] {
        assert_eq!(flow.name.as_deref(), Some("verify"));
        assert_eq!(flow.definition.as_deref(), Some(VERIFY));
        assert_eq!(flow.description.as_deref(), Some("for people"));
        assert_eq!(flow.role_arn.as_deref(), Some("acs:ram::1:role/r"));
        assert_eq!(
            (flow.flow_type.as_deref(), flow.execution_mode.as_deref()),
            (Some("FDL"), Some("Standard"))
        );
    }
    assert_eq!((created.id, created.created_time), (seen.id.clone(), seen.created_time));
    assert_eq!(refused(call(&server, create.clone()).await), (400, "FlowAlreadyExists".to_owned()));
    call(&server, DeleteFlow::new("verify")).await.unwrap();
    let gone = (404, "FlowNotExists".to_owned());
    assert_eq!(refused(call(&server, DescribeFlow::new("verify")).await), gone);
    assert_eq!(refused(call(&server, DeleteFlow::new("verify")).await), gone);
    assert_ne!(call(&server, create).await.unwrap().id, seen.id);
}

#[tokio::test]
async fn deleting_a_flow_stops_its_executions() {
    let server = server().await;
    create(&server, "verify", VERIFY).await;
    start(&server, "verify", "run", "{}").await;
    call(&server, DeleteFlow::new("verify")).await.unwrap();
    let [task] = server.state().tasks().try_into().unwrap();
    assert_eq!(task.state, TaskState::Closed);
    create(&server, "verify", VERIFY).await;
    let seen = call(&server, DescribeExecution::new("verify", "run")).await;
    assert_eq!(refused(seen), (404, "ExecutionNotExists".to_owned()));
}

#[tokio::test]
async fn invalid_flow_is_refused_by_field() {
    let server = server().await;
    // A nonce is accepted once, so each request is new.
    let good = || {
        Rpc::new("CreateFlow", &[("Name", "f"), ("Definition", PASS), ("Description", "d"), ("Type", "FDL")])
    };
    for name in ["Name", "Definition", "Description", "Type"] {
        let answer = good().without(name).code(&server).await;
        assert_eq!(answer, (400, "MissingRequiredParams".to_owned()), "{name}");
    }
    for (name, value) in [
        ("Name", "a b"),
        ("Type", "Other"),
        ("ExecutionMode", "Fast"),
        ("Description", ""),
        ("Definition", ""),
        ("Definition", "type: flow"),
    ] {
        let answer = good().with(name, value).send(&server).await.unwrap();
        assert_eq!((answer.status, answer.code()), (400, "InvalidArgument".to_owned()), "{name}");
        assert!(answer.json()["Message"].as_str().unwrap().starts_with(name), "{}", answer.body);
    }
    let parallel = PASS.replace("Type: Pass", "Type: Parallel");
    let answer = good().with("Definition", &parallel).send(&server).await.unwrap();
    let expected = "Definition: States[0] (p): Parallel is not supported by taskback local.";
    assert_eq!(answer.json()["Message"], expected);
}

#[tokio::test]
async fn corrupted_definition_gets_a_response() {
    let server = server().await;
    let marks: Vec<char> = "{}[]&*!|>'\"%@`:-# \n\t$.é\u{0}9".chars().collect();
    let mut random = fastrand::Rng::with_seed(20);
    for round in 0..300 {
        let mut text: Vec<char> = VERIFY.chars().collect();
        for _ in 0..random.usize(1..4) {
            let (index, other) = (random.usize(..text.len()), random.usize(..text.len()));
            match random.u8(..4) {
                0 => drop(text.remove(index)),
                1 => text[index] = *random.choice(&marks).unwrap(),
                2 => text.truncate(index.max(1)),
                _ => text.swap(index, other),
            }
        }
        let (name, text) = (format!("f{round}"), text.into_iter().collect::<String>());
        let flow = [("Name", name.as_str()), ("Definition", &text), ("Description", "d"), ("Type", "FDL")];
        let (status, code) = Rpc::new("CreateFlow", &flow).code(&server).await;
        assert!(
            matches!((status, code.as_str()), (200, "") | (400, "InvalidArgument")),
            "{status} {code}: {text}"
        );
        if status == 200 {
            let start = [("FlowName", name.as_str()), ("Input", "{\"n\":1}")];
            assert_eq!(Rpc::new("StartExecution", &start).code(&server).await.0, 200, "{text}");
        }
    }
}

#[tokio::test]
async fn queues_are_received_over_http() {
    let server = server().await;
    create(&server, "verify", VERIFY).await;
    for name in ["a", "b"] {
        start(&server, "verify", name, "{}").await;
    }
    let list = local(&server, "GET /_local/queues", Value::Null).await;
    assert_eq!(list.body, r#"{"queues":[{"messages":2,"name":"tasks"}]}"#);
    let received =
        local(&server, "POST /_local/queues/tasks/receive", serde_json::json!({ "max": 1 })).await.json();
    let body: Value = serde_json::from_str(received["messages"][0]["body"].as_str().unwrap()).unwrap();
    succeed(&server, body["taskToken"].as_str().unwrap(), "{}").await.unwrap();
    assert_eq!(status(&server, "verify", "a").await, "Succeeded");
    for (queue, remaining) in [("tasks", 1), ("other", 0)] {
        let seen = local(&server, &format!("GET /_local/queues/{queue}"), Value::Null).await.json();
        assert_eq!(seen["messages"], remaining);
    }
    for (max, status) in [(0, 400), (1001, 400), (1000, 200)] {
        let asked = serde_json::json!({ "max": max });
        assert_eq!(local(&server, "POST /_local/queues/tasks/receive", asked).await.status, status);
    }
    assert_eq!(local(&server, "DELETE /_local/queues/tasks", Value::Null).await.status, 405);
}
