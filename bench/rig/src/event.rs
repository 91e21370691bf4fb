//! SQS events of tasks whose tokens are as long as SWF's.

use std::fmt::Write;

use bytes::Bytes;

/// The tasks of a run, numbered from 0.
#[derive(Debug)]
pub struct Tasks {
    service: &'static str,
    next: u64,
}

impl Tasks {
    pub fn of(service: &'static str) -> Self {
        Self { service, next: 0 }
    }

    /// Returns an event with this number of new tasks.
    pub fn batch(&mut self, records: usize) -> Bytes {
        let first = self.next;
        self.next += records as u64;
        event(self.service, first..self.next, 1)
    }

    /// The number of tasks so far.
    pub fn made(&self) -> u64 {
        self.next
    }
}

/// The start of every token, followed by the number of its task.
pub fn token_start() -> String {
    "AAAAKgAAAAIAAAAAAAAAA+/x".repeat(23)
}

/// Returns an event with the tasks of these numbers and their receive count.
pub fn event(service: &str, numbers: impl IntoIterator<Item = u64>, receives: u32) -> Bytes {
    let start = token_start();
    let mut records = String::new();
    for number in numbers {
        let body = serde_json::json!({
            "service": service,
            "taskToken": format!("{start}{number}"),
            "input": { "cardNumber": "4111 1111 1111 1111" },
        });
        let record = serde_json::json!({
            "messageId": message_id(number),
            "receiptHandle": "AQEBrlvIIlDt/DN4bO3IWWYur8AMAQ5tw69orW5e17zQbkQ6cK1thsSb92BBrBDjWTWHZ3LOKOHYK13IaqX9DDdyuQ==",
            "body": body.to_string(),
            "attributes": {
                "ApproximateReceiveCount": receives.to_string(),
                "SentTimestamp": "1767225601000",
                "SenderId": "AIDAEXAMPLEEXAMPLE000",
                "ApproximateFirstReceiveTimestamp": "1767225601012",
            },
            "messageAttributes": {},
            "md5OfBody": "d75a21c6f5dbba3b853535f6f11e42a9",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:taskback-tasks",
            "awsRegion": "us-east-1",
        });
        let comma = if records.is_empty() { "" } else { "," };
        // Writing to a String does not fail.
        let _ = write!(records, "{comma}{record}");
    }
    Bytes::from(format!(r#"{{"Records":[{records}]}}"#))
}

/// Returns the number of the task of a message.
pub fn number(message_id: &str) -> Option<u64> {
    message_id.rsplit('-').next()?.parse().ok()
}

fn message_id(number: u64) -> String {
    format!("7be1c676-7b57-5724-b728-{number:012}")
}
