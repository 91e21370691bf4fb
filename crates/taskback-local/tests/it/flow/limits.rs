use std::time::Duration;

use taskback_core::Service;
use taskback_local::{Config, OpenTask};
use tokio::time::{advance, sleep};

use super::*;
use crate::client::{Rpc, bind, open};

#[tokio::test(start_paused = true)]
async fn call_groups_have_documented_limits() {
    let server = bind(Config { fnf_limits: true, ..Config::default() }).await;
    create(&server, "pass", PASS).await;
    start(&server, "pass", "run", "{}").await;
    let names = [("FlowName", "pass"), ("ExecutionName", "run")];
    let passed = async |request: &dyn Fn() -> Rpc, tries: usize| {
        let mut passed = 0;
        for _ in 0..tries {
            passed += usize::from(request().send(&server).await.unwrap().status != 429);
        }
        passed
    };
    assert_eq!(passed(&|| Rpc::get("ListExecutions", &[("FlowName", "pass")]), 12).await, 9);
    assert_eq!(passed(&|| Rpc::new("StopExecution", &names), 3).await, 0);
    assert_eq!(passed(&|| Rpc::get("DescribeExecution", &names), 40).await, 40);
    assert_eq!(passed(&|| Rpc::get("GetExecutionHistory", &names), 15).await, 10);
    assert_eq!(passed(&|| Rpc::new("StartExecution", &names), 105).await, 99);
    advance(Duration::from_secs(1)).await;
    assert_eq!(passed(&|| Rpc::new("StopExecution", &names), 5).await, 2);
    assert_eq!(passed(&|| Rpc::get("DescribeExecution", &names), 9).await, 5);
}

#[tokio::test(start_paused = true)]
async fn waiting_call_counts_once() {
    let server = bind(Config { fnf_limits: true, ..Config::default() }).await;
    create(&server, "verify", VERIFY).await;
    start(&server, "verify", "run", "{}").await;
    let names = [("FlowName", "verify"), ("ExecutionName", "run"), ("WaitTimeSeconds", "30")];
    let waits = Rpc::get("DescribeExecution", &names);
    let looks = async {
        // Each of these wakes the waiting call, more often than its rate limit allows.
        for _ in 0..200 {
            sleep(Duration::from_millis(10)).await;
            open(&server, OpenTask::new(Service::Fnf));
        }
    };
    let (answer, ()) = tokio::join!(waits.send(&server), looks);
    let answer = answer.unwrap();
    assert_eq!((answer.status, &answer.json()["Status"]), (200, &"Running".into()));
}
