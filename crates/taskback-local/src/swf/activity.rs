use serde::Serialize;
use serde_json::{Value, json};

/// SWF's names for an activity task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    /// The domain of the workflow.
    pub domain: String,
    /// The id of the workflow execution that its starter chose.
    pub workflow_id: String,
    /// The id of the workflow execution that the service chose.
    pub run_id: String,
    /// The list on which the task can be polled.
    pub task_list: String,
    /// The id of the activity within its workflow.
    pub activity_id: String,
    /// The name of the activity's type.
    pub activity_name: String,
    /// The version of the activity's type.
    pub activity_version: String,
    /// The id of the history event that scheduled the task.
    pub scheduled_event_id: i64,
    /// The id of the history event that started the task.
    pub started_event_id: i64,
}

impl Activity {
    /// The response to a poll, without token and input.
    pub(crate) fn as_polled(&self) -> Value {
        json!({
            "activityId": self.activity_id,
            "activityType": { "name": self.activity_name, "version": self.activity_version },
            "startedEventId": self.started_event_id,
            "workflowExecution": { "workflowId": self.workflow_id, "runId": self.run_id },
        })
    }
}
