use serde_json::{Value, json};

/// One execution of a state machine and its history.
pub(super) struct Execution {
    pub(super) arn: String,
    pub(super) is_running: bool,
    pub(super) events: Vec<Value>,
}

impl Execution {
    pub(super) fn start(arn: String, at: f64) -> Self {
        let mut execution = Self { arn, is_running: true, events: Vec::new() };
        let role = "arn:aws:iam::123456789012:role/taskback";
        execution.push("ExecutionStarted", 0, at, json!({ "input": "{}", "roleArn": role }));
        execution
    }

    /// Appends an event that follows the one with the id `previous`, and returns its id.
    pub(super) fn push(&mut self, event_type: &str, previous: i64, at: f64, details: Value) -> i64 {
        let id = self.events.len() as i64 + 1;
        let mut event = json!({ "timestamp": at, "type": event_type, "id": id, "previousEventId": previous });
        if let Some(member) = details_member(event_type) {
            let mut details = details;
            if let Some(details) = details.as_object_mut() {
                details.retain(|_, value| !value.is_null());
            }
            event[member] = details;
        }
        self.events.push(event);
        id
    }

    /// The id of the last event in the line that begins with `first`.
    pub(super) fn last_of(&self, first: i64) -> i64 {
        self.events.iter().fold(first, |last, event| {
            if event["previousEventId"] == last { event["id"].as_i64().unwrap_or(last) } else { last }
        })
    }
}

/// The member that has the details of an event, such as `taskScheduledEventDetails`.
fn details_member(event_type: &str) -> Option<String> {
    let name = match event_type {
        "TaskStateEntered" => "stateEntered",
        "TaskStateExited" => "stateExited",
        "TaskStateAborted" => return None,
        other => {
            let (first, rest) = other.split_at(1);
            return Some(format!("{}{rest}EventDetails", first.to_lowercase()));
        }
    };
    Some(format!("{name}EventDetails"))
}
