//! The processing of a batch in one process, without I/O.

use std::fmt::Write;
use std::hint::black_box;
use std::time::Duration;

use serde_json::value::RawValue;
use taskback::{
    BoxFuture, MessageFormat, Outcome, ReportRequest, Reporter, Service, ServiceResponse, Services,
    StepError, StepOutput, Task, Taskback,
};
use tokio::runtime::Runtime;

/// A service that accepts every report at once.
struct Null;

impl Reporter for Null {
    fn service(&self) -> Service {
        Service::Swf
    }

    fn enforce_limits(&self, outcome: Outcome) -> Outcome {
        outcome
    }

    fn report<'a>(&'a self, _request: ReportRequest<'a>) -> BoxFuture<'a, ServiceResponse> {
        Box::pin(std::future::ready(ServiceResponse::Accepted { request_id: None }))
    }
}

/// A single-threaded worker with a step and a service that do nothing.
pub struct Bench {
    runtime: Runtime,
    event: Box<RawValue>,
}

impl Bench {
    /// Returns an event with this number of tasks.
    pub fn tasks(count: usize) -> Self {
        Self::new(count, |number| {
            let token = "AAAAKgAAAAIAAAAAAAAAA+/x".repeat(23);
            let input = r#"{\"cardNumber\":\"4111 1111 1111 1111\"}"#;
            format!(r#"{{\"service\":\"swf\",\"taskToken\":\"{token}{number}\",\"input\":{input}}}"#)
        })
    }

    /// Returns an event with this number of messages without a task.
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

    /// Decodes the tasks of an event and returns their number.
    #[inline(never)]
    pub fn decode(&self) -> usize {
        let tasks = taskback::tasks(&self.event, &MessageFormat::default()).expect("an event");
        tasks.iter().filter(|task| task.is_ok()).count()
    }

    /// Makes a worker with an empty ledger.
    pub fn worker(&self) -> Taskback {
        let _inside = self.runtime.enter();
        let builder = Taskback::builder().step(nothing).services(Services::default().with(Null));
        builder.build().expect("a worker")
    }

    /// Handles an event, from its bytes to the bytes of the response. Returns the number of nacked messages.
    #[inline(never)]
    pub fn handle(&self, worker: &Taskback) -> usize {
        let answered = self.runtime.block_on(worker.handle(&self.event, Duration::from_secs(900)));
        let answer = answered.expect("an answer");
        let bytes = black_box(serde_json::to_vec(&answer).expect("JSON"));
        bytes.windows(14).filter(|bytes| bytes == b"itemIdentifier").count()
    }
}

async fn nothing(_task: Task<Box<RawValue>>) -> Result<StepOutput, StepError> {
    StepOutput::succeeded(&true)
}
