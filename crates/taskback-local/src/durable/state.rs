use serde_json::{Value, json};

/// The data of durable functions beside the tasks.
#[derive(Default)]
pub(crate) struct DurableState {
    pub(super) executions: Vec<Execution>,
}

impl DurableState {
    pub(super) fn execution(&mut self, arn: &str) -> Option<&mut Execution> {
        self.executions.iter_mut().rev().find(|execution| execution.arn == arn)
    }

    /// The running execution with that ARN, which starts where there is none.
    pub(super) fn running(&mut self, arn: &str, at: f64) -> &mut Execution {
        let matches = |execution: &Execution| execution.is_running && execution.arn == arn;
        let index = self.executions.iter().position(matches).unwrap_or_else(|| {
            let mut started = Execution { arn: arn.to_owned(), is_running: true, events: Vec::new() };
            started.push("ExecutionStarted", None, at, json!({ "Input": { "Payload": "{}" } }));
            self.executions.push(started);
            self.executions.len() - 1
        });
        &mut self.executions[index]
    }
}

/// One durable execution and its history.
pub(super) struct Execution {
    pub(super) arn: String,
    pub(super) is_running: bool,
    pub(super) events: Vec<Value>,
}

impl Execution {
    /// Appends an event of an operation, or of the execution itself.
    pub(super) fn push(&mut self, event_type: &str, operation: Option<&str>, at: f64, details: Value) {
        let id = self.events.len() + 1;
        let mut event = json!({ "EventType": event_type, "EventId": id, "EventTimestamp": at });
        event[format!("{event_type}Details")] = details;
        if let Some(operation) = operation {
            event["Id"] = operation.into();
        }
        self.events.push(event);
    }
}
