//! State machines in moto, whose states wait for a task token. What moto gets wrong about closed tasks, causes and the
//! form of outputs is not taken for right: only ends of executions are compared.

use std::time::Duration;

use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::{Value, json};
use taskback::examples::verify_card;
use taskback::{MessageFormat, QueueWorker, QueueWorkerConfig, Service, Services, Sfn, Taskback, aws};
use tokio::time::{sleep, timeout};

use super::python::{self, Moto};
use crate::support::MINUTE;

#[tokio::test]
async fn moto_state_machines_end_by_the_worker() {
    let moto = Moto::start_at_known_port().await;
    let started = python::run("sfn_machines.py", &["--endpoint", &moto.url], "").await.remove(0);
    let services = Services::default().with(Sfn::local(&moto.url));
    // The message of the topic names no service.
    let messages = MessageFormat { service: Some(Service::Sfn), ..MessageFormat::default() };
    let taskback = Taskback::builder().step(verify_card).services(services).message_format(messages);
    let taskback = taskback.build().unwrap();
    let shutdown = taskback.shutdown().clone();
    let queue = started["queueUrl"].as_str().unwrap();
    let config = QueueWorkerConfig { wait: Duration::from_secs(1), ..QueueWorkerConfig::new(queue) };
    let sqs = aws_sdk_sqs::Client::new(&aws::local(&moto.url));
    let worker = tokio::spawn(QueueWorker::open(taskback, sqs, config).await.unwrap().run());

    let ended = async |name: &str| ended(&moto, &started["executions"][name]).await;
    let verified = json!({"cardNumber": "**** **** **** 1111", "valid": true});
    for name in ["sqs", "sns"] {
        let execution = ended(name).await;
        assert_eq!(
            execution.status,
            ExecutionStatus::Succeeded,
            "{name} {:?} {:?}",
            execution.error(),
            execution.cause()
        );
        assert_eq!(output(&execution), verified, "{name}");
    }
    let declined = ended("declined").await;
    assert_eq!((&declined.status, declined.error()), (&ExecutionStatus::Failed, Some("CardDeclined")));
    let caught = ended("caught").await;
    assert_eq!(caught.status, ExecutionStatus::Succeeded);
    assert_eq!(output(&caught)["Error"], "CardDeclined");

    shutdown.end();
    timeout(MINUTE, worker).await.expect("it ends").unwrap();
}

/// The execution at its end.
async fn ended(moto: &Moto, arn: &Value) -> DescribeExecutionOutput {
    let sfn = aws_sdk_sfn::Client::new(&aws::local(&moto.url));
    let end = async {
        loop {
            let call = sfn.describe_execution().execution_arn(arn.as_str().unwrap());
            let execution = call.send().await.unwrap();
            if execution.status != ExecutionStatus::Running {
                return execution;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(MINUTE, end).await.expect("the execution ends")
}

fn output(execution: &DescribeExecutionOutput) -> Value {
    serde_json::from_str(execution.output().unwrap()).unwrap()
}
