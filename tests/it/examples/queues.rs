//! The examples that receive from queues of SQS, as processes.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::json;
use taskback::{Service, TaskToken, aws};
use taskback_local::{Config, OpenTask, ReportedOutcome, Server};

use super::{body, built, outcome, succeeded};
use crate::lambda::function;
use crate::peers::python::Moto;
use crate::process::Process;
use crate::queue_worker::sqs::Sqs;

fn open(services: &Server) -> TaskToken {
    services.state().open(OpenTask::new(Service::Swf)).unwrap().token
}

/// An example in the environment of a machine, with these arguments.
fn worker(name: &str, services: &Server, sqs: &str, queues: &[&str]) -> Process {
    let mut command = function(&built(name), "", &services.url());
    command.env_remove("AWS_LAMBDA_RUNTIME_API").env("AWS_ENDPOINT_URL_SQS", sqs);
    Process::start(command.args(queues))
}

#[tokio::test]
async fn queue_worker_example_serves_its_queue() {
    let services = Server::bind(Config::default()).await.unwrap();
    let token = open(&services);
    let queue = Sqs::start([body(&token, &json!(21))]).await;
    let process = worker("queue_worker", &services, &queue.url, &[&queue.queue_url()]);
    queue.empty().await;
    assert_eq!(outcome(&services, &token), succeeded(&json!(42)), "{}", process.printed());
}

/// With moto's SQS, which moves a message to the dead-letter queue.
#[tokio::test]
async fn dead_letters_example_fails_unshipped_task() {
    let (services, moto) = (Server::bind(Config::default()).await.unwrap(), Moto::start().await);
    let token = open(&services);
    let sqs = Client::new(&aws::local(&moto.url));
    let dead_letters = sqs.create_queue().queue_name("dead-letters").send().await.unwrap().queue_url.unwrap();
    let redrive = json!({
        "deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead-letters", "maxReceiveCount": 1
    });
    let tasks = sqs.create_queue().queue_name("tasks");
    let tasks = tasks.attributes(QueueAttributeName::RedrivePolicy, redrive.to_string());
    let tasks = tasks.send().await.unwrap().queue_url.unwrap();
    sqs.send_message().queue_url(&tasks).message_body(body(&token, &json!(7))).send().await.unwrap();

    let mut process = worker("dead_letters", &services, &moto.url, &[&tasks, &dead_letters]);
    process.line("report.accepted").await;
    let Some(ReportedOutcome::Failed { error, .. }) = outcome(&services, &token) else {
        panic!("{}", process.printed())
    };
    assert_eq!(error.as_deref(), Some("DeadLettered"));
}
