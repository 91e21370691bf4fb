//! A workflow at moto, a queue, and the two commands between them.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;
use taskback::aws;
use tokio::time::{sleep, timeout};

use crate::process::Process;
use crate::python::{self, Moto};
use crate::run::at_aws;

pub(super) const GOOD: &str = r#"{"cardNumber":"4111 1111 1111 1111"}"#;
pub(super) const BAD: &str = r#"{"cardNumber":"4111 1111 1111 1112"}"#;
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// A workflow with activities that have not been polled, and a queue for them.
pub(super) struct Setup {
    pub(super) moto: Moto,
    sqs: Client,
    queue_url: String,
    /// Null where there is none.
    workflow: Value,
}

impl Setup {
    /// Creates one activity for each input.
    pub(super) async fn new(inputs: &[&str], queue: &str) -> Self {
        let mut setup = Self::without_workflow(queue).await;
        let count = inputs.len().to_string();
        let mut arguments = vec!["--endpoint", &setup.moto.url, "--unpolled", "--count", &count];
        arguments.extend(inputs.iter().flat_map(|input| ["--input", input]));
        setup.workflow = python::run("swf_tasks.py", &arguments, "").await.remove(0);
        setup
    }

    /// Creates the queue only.
    pub(super) async fn without_workflow(queue: &str) -> Self {
        let moto = Moto::start().await;
        let sqs = Client::new(&aws::local(&moto.url));
        let create = sqs.create_queue().queue_name(queue);
        let fifo = queue.ends_with(".fifo").then(|| "true".to_owned());
        let create = create.set_attributes(fifo.map(|on| [(QueueAttributeName::FifoQueue, on)].into()));
        let created = create.attributes(QueueAttributeName::VisibilityTimeout, "3").send().await.unwrap();
        Self { moto, sqs, queue_url: created.queue_url.unwrap(), workflow: Value::Null }
    }

    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = at_aws(args, &self.moto.url);
        command.args(["--queue-url", &self.queue_url]);
        command
    }

    pub(super) fn poll(&self) -> Process {
        // moto may give one task to two polls at the same time, which SWF does not.
        let mut command = self.command(&["poll", "--pollers", "1"]);
        command.args(["--domain", self.workflow["domain"].as_str().unwrap()]);
        Process::start(command.args(["--task-list", self.workflow["taskList"].as_str().unwrap()]))
    }

    pub(super) fn work(&self) -> Command {
        let mut command = self.command(&["work", "--wait", "1"]);
        command.env("TASKBACK_STEP", "verify-card");
        command
    }

    pub(super) async fn send(&self, body: &str) {
        self.sqs.send_message().queue_url(&self.queue_url).message_body(body).send().await.unwrap();
    }

    /// The end events of the activities, by the id of their schedule event.
    pub(super) async fn ends(&self) -> BTreeMap<u64, Vec<(String, Value)>> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let execution = &self.workflow["workflowExecution"];
        let (domain, workflow, run) =
            (text(&self.workflow["domain"]), text(&execution["workflowId"]), text(&execution["runId"]));
        let arguments =
            ["--endpoint", &self.moto.url, "--domain", &domain, "--workflow-id", &workflow, "--run-id", &run];
        let history = python::run("swf_history.py", &arguments, "").await.remove(0);
        let mut ends: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for event in history.as_array().unwrap() {
            let kind = text(&event["eventType"]);
            if ["ActivityTaskCompleted", "ActivityTaskFailed"].contains(&&*kind) {
                let attributes = event["attributes"].clone();
                ends.entry(attributes["scheduledEventId"].as_u64().unwrap())
                    .or_default()
                    .push((kind, attributes));
            }
        }
        ends
    }

    /// Waits until that many activities have ended.
    pub(super) async fn ended(&self, activities: usize) -> BTreeMap<u64, Vec<(String, Value)>> {
        let all = async {
            loop {
                let ends = self.ends().await;
                if ends.len() >= activities {
                    return ends;
                }
                sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(MINUTE, all).await.expect("the activities end")
    }

    /// Waits until that worker has emptied the queue. A second copy of a message may wait for the lease of the first,
    /// which takes a minute.
    pub(super) async fn empty(&self, worker: &Process) {
        let all = async {
            while self.messages().await > 0 {
                sleep(Duration::from_millis(100)).await;
            }
        };
        assert!(timeout(2 * MINUTE, all).await.is_ok(), "the queue is not emptied:\n{}", worker.printed());
    }

    /// The number of messages in the queue, visible or not.
    pub(super) async fn messages(&self) -> u32 {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let ask = self.sqs.get_queue_attributes().queue_url(&self.queue_url);
        let answer = ask.set_attribute_names(Some(names.to_vec())).send().await.unwrap();
        let counts = answer.attributes.unwrap();
        names.iter().map(|name| counts[name].parse::<u32>().unwrap()).sum()
    }
}

/// Sends a signal.
pub(crate) fn signal(process: &Process, name: &str) {
    let kill = format!("kill -{name} {}", process.child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

/// Stops a process, asserts exit code 0 and returns its output.
pub(crate) async fn stop(process: Process) -> String {
    signal(&process, "TERM");
    let (status, printed) = process.end().await;
    assert_eq!(status.code(), Some(0), "{printed}");
    printed
}

/// Creates the table of the ledger.
pub(crate) async fn create_table(url: &str) {
    let name = "fingerprint";
    let key = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
    let hash = KeySchemaElement::builder().attribute_name(name).key_type(KeyType::Hash);
    let create = aws_sdk_dynamodb::Client::new(&aws::local(url)).create_table().table_name("tasks");
    let create = create.billing_mode(BillingMode::PayPerRequest).key_schema(hash.build().unwrap());
    create.attribute_definitions(key.build().unwrap()).send().await.unwrap();
}
