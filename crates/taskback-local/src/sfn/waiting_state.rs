use serde::Serialize;
use serde_json::{Value, json};

/// Step Functions' names for a state that waits for a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WaitingState {
    /// The ARN of the execution.
    pub execution_arn: String,
    /// The name of the state.
    pub state_name: String,
    /// The activity at which the task can be polled; `None` = its token is in a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity_arn: Option<String>,
    /// The id of the history event that scheduled the task.
    pub scheduled_event_id: i64,
}

impl WaitingState {
    /// What the context object `$$` of the state knows: the execution, and the state with its number of retries.
    pub(crate) fn as_opened(&self) -> Value {
        let mut names = json!({
            "execution": { "executionArn": self.execution_arn, "stateName": self.state_name, "retryCount": 0 },
        });
        if let Some(arn) = &self.activity_arn {
            names["activityArn"] = arn.as_str().into();
        }
        names
    }
}
