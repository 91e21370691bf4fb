//! The parts of a batch's way through one process, without any I/O.

use std::fmt::Write;
use std::hint::black_box;
use std::time::Duration;

use serde_json::value::RawValue;
use taskback::core::{Answer, Outcome, Reading, Service, TaskToken};
use taskback::{BoxFuture, Reporter, Services, Slot, StepEnd, StepError, Task, Taskback};
use tokio::runtime::Runtime;

/// A service that takes everything at once.
struct Null;

impl Reporter for Null {
    fn service(&self) -> Service {
        Service::Swf
    }

    fn fit(&self, outcome: Outcome) -> Outcome {
        outcome
    }

    fn report<'a>(
        &'a self,
        _token: &'a TaskToken,
        _outcome: &'a Outcome,
        _slot: Option<Slot>,
        _by: tokio::time::Instant,
    ) -> BoxFuture<'a, Answer> {
        Box::pin(std::future::ready(Answer::Accepted { request_id: None }))
    }
}

/// A worker whose step and service do nothing, on one thread.
pub struct Bench {
    runtime: Runtime,
    event: Box<RawValue>,
}

impl Bench {
    /// An event of that many tasks.
    pub fn tasks(count: usize) -> Self {
        Self::new(count, |number| {
            let token = "AAAAKgAAAAIAAAAAAAAAA+/x".repeat(23);
            let input = r#"{\"cardNumber\":\"4111 1111 1111 1111\"}"#;
            format!(r#"{{\"service\":\"swf\",\"taskToken\":\"{token}{number}\",\"input\":{input}}}"#)
        })
    }

    /// An event of that many messages that bring no task.
    pub fn unreadable(count: usize) -> Self {
        Self::new(count, |number| format!("no task {number}"))
    }

    fn new(count: usize, body: impl Fn(usize) -> String) -> Self {
        let mut records = String::new();
        for number in 0..count {
            let comma = if number == 0 { "" } else { "," };
            // Writing to a String does not fail.
            let _ = write!(
                records,
                r#"{comma}{{"messageId":"m-{number:08}","receiptHandle":"AQEBrlvIIlDt","body":"{}",
                "attributes":{{"ApproximateReceiveCount":"1","SentTimestamp":"1767225601000"}},"messageAttributes":{{}},
                "md5OfBody":"d75a21c6f5dbba3b853535f6f11e42a9","eventSource":"aws:sqs","awsRegion":"us-east-1",
                "eventSourceARN":"arn:aws:sqs:us-east-1:123456789012:tasks"}}"#,
                body(number)
            );
        }
        let event = format!(r#"{{"Records":[{records}]}}"#);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        Self { runtime: runtime.expect("a runtime"), event: RawValue::from_string(event).expect("JSON") }
    }

    /// Reads the event's tasks. Returns how many there are.
    #[inline(never)]
    pub fn decode(&self) -> usize {
        let tasks = taskback::tasks(&self.event, &Reading::default()).expect("an event");
        tasks.iter().filter(|task| task.is_ok()).count()
    }

    /// A worker with an empty ledger.
    pub fn worker(&self) -> Taskback {
        let _inside = self.runtime.enter();
        let builder = Taskback::builder().step(nothing).services(Services::default().with(Null));
        builder.build().expect("a worker")
    }

    /// Handles the event from its bytes to the answer's. Returns how many messages come back.
    #[inline(never)]
    pub fn handle(&self, worker: &Taskback) -> usize {
        let answered = self.runtime.block_on(worker.handle(&self.event, Duration::from_secs(900)));
        let answer = answered.expect("an answer");
        let bytes = black_box(serde_json::to_vec(&answer).expect("JSON"));
        bytes.windows(14).filter(|bytes| bytes == b"itemIdentifier").count()
    }
}

async fn nothing(_task: Task<Box<RawValue>>) -> Result<StepEnd, StepError> {
    StepEnd::succeeded(&true)
}
